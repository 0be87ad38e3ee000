"""Proposes services from a compose file (compose-spec.io): command, ports, environment, health check, scale, order."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from harness.proposal.services import Described, Service, Unused, command_of, unused_keys
from harness.schema.tree import Tree

_USED = ("image", "build", "command", "entrypoint", "ports", "expose", "environment", "healthcheck", "depends_on",
         "deploy", "scale")  # fmt: skip
_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::?[-](?P<default>[^{}]*)|:?[?][^{}]*)?\}|(?P<bare>\w+))")
_URL = re.compile(r"https?://[^/\s'\"]+(?P<path>/[^\s'\"|;)]*)?")


def is_compose(tree: Tree) -> bool:
    """Whether a YAML document is a compose file."""
    services = tree.at("services")
    return bool(services and services.entries) and "apiVersion" not in tree.fields


def read_compose(tree: Tree, folder: str) -> Described:
    """The services of a compose file; `folder` is its folder as gameday.yaml names it."""
    services = tree.at("services")
    unused = [*unused_keys(tree, ("services", "version", "name"), "")]
    found = []
    for name, item in (services.entries if services else {}).items():
        found.append(_service(name, item, folder, unused))
    return Described(tuple(found), tuple(unused))


def _service(name: str, tree: Tree, folder: str, unused: list[Unused]) -> Service:
    about = f"services.{name}"
    unused += unused_keys(tree, _USED, about)
    ports = list(_ports(tree, about, unused))
    env = dict(_environment(tree, about, unused))
    command = command_of(tree.at("command"))
    entrypoint = command_of(tree.at("entrypoint"))
    whole = " ".join(part for part in (entrypoint, command) if part) or None
    return Service(
        name,
        tree.place,
        command=_interpolated(whole)[0] if whole else None,
        image=tree.text("image") or "",
        port=ports[0] if ports else None,
        folder=_folder(tree, folder, about, unused),
        replicas=_replicas(tree, about, unused),
        env=env,
        health=_health(tree, about, unused),
        needs=tuple(_needs(tree)),
        questions=tuple(_questions(tree, whole)),
    )


def _questions(tree: Tree, command: str | None) -> Iterator[str]:
    """What compose takes from the machine's environment."""
    open_names = _interpolated(command or "")[1]
    environment = tree.at("environment")
    for value in _values(environment):
        open_names += _interpolated(value)[1]
    for name in dict.fromkeys(open_names):
        yield f"compose takes ${{{name}}} from the environment or .env; write its value"


def _values(tree: Tree | None) -> list[str]:
    if tree is None:
        return []
    return [item.written for item in (*tree.items, *tree.entries.values())]


def _interpolated(text: str) -> tuple[str, list[str]]:
    """The text with the defaults of its variables, and the names of those without one, which stay."""
    open_names = []

    def value(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        if match["default"] is not None:
            return match["default"]
        open_names.append(match["name"] or match["bare"])
        return match[0]

    return _VARIABLE.sub(value, text), open_names


def _ports(tree: Tree, about: str, unused: list[Unused]) -> Iterator[int]:
    """The ports inside of the container: of all but the first, nothing is proposed."""
    listed = [item for key in ("ports", "expose") if (each := tree.at(key)) for item in each.items]
    first: int | None = None
    for item in listed:
        target = item.at("target") or item
        found = re.search(r"(\d+)(?:-\d+)?(?:/(tcp|udp))?$", _interpolated(target.written)[0])
        port = int(found[1]) if found and found[2] != "udp" else None
        if port is None or (first is not None and port != first):
            unused.append(Unused(item.place, f"{about}: port {target.written}: a service has one TCP port"))
        elif first is None:
            first = port
            yield port


def _environment(tree: Tree, about: str, unused: list[Unused]) -> Iterator[tuple[str, str]]:
    listed = tree.at("environment")
    pairs = [(name, item) for name, item in (listed.entries if listed else {}).items()]
    pairs += [(item.written.partition("=")[0], item) for item in (listed.items if listed else ())]
    for name, item in pairs:
        written = item.written.partition("=")[2] if listed and listed.items else item.written
        if item.value is None or (listed and listed.items and "=" not in item.written):
            unused.append(Unused(item.place, f"{about}.environment.{name}: its value comes from the machine"))
        else:
            yield name, _interpolated(written)[0]


def _folder(tree: Tree, folder: str, about: str, unused: list[Unused]) -> str | None:
    """The build context, in which the command is likely to run."""
    build = tree.at("build")
    if build is None:
        return None
    if build.entries:
        unused += unused_keys(build, ("context", "dockerfile"), f"{about}.build")
    context = build.text("context") or (build.written if build.is_scalar else ".")
    path = posixpath.normpath(posixpath.join(folder, context))
    return None if path == "." else path


def _replicas(tree: Tree, about: str, unused: list[Unused]) -> int | None:
    deploy = tree.at("deploy")
    if deploy:
        unused += unused_keys(deploy, ("replicas",), f"{about}.deploy")
    number = tree.number("scale") or tree.number("deploy", "replicas")
    return int(number) if number else None


def _health(tree: Tree, about: str, unused: list[Unused]) -> str | None:
    """The path that a health check with curl or wget requests."""
    check = tree.at("healthcheck")
    if check is None:
        return None
    others = ", ".join(key for key in check.fields if key != "test")
    if others:
        unused.append(Unused(check.place, f"{about}.healthcheck: {others}: only a path is used"))
    test = check.at("test")
    text = " ".join(item.written for item in test.items) if test and test.items else test.written if test else ""
    found = _URL.search(text) if re.search(r"\b(curl|wget)\b", text) else None
    if found is None:
        place = (test or check).place
        unused.append(Unused(place, f"{about}.healthcheck: no request of a path; a connection is the health check"))
        return None
    return found["path"] or "/"


def _needs(tree: Tree) -> Iterator[str]:
    listed = tree.at("depends_on")
    yield from (listed.entries if listed else ())
    yield from (item.written for item in (listed.items if listed else ()))
