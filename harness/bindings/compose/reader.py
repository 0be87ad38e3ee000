"""Reads the compose file that a bindings file names, as far as names and keys go, and reports what it cannot have here.

The values are read when a platform is started, from what `docker compose config` makes of the file: only compose itself
knows the variables, defaults and env files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.bindings.compose import keys
from harness.bindings.compose.model import ComposeProject, ComposeService
from harness.bindings.compose.shape import NO_PORT
from harness.bindings.service_schema import check_names
from harness.schema.shape import Report, join
from harness.schema.tree import Tree, UnreadableError, read

NOTHING = Tree({}, "")


def read_project(tree: Tree | None, beside: Path, report: Report) -> ComposeProject | None:
    """The project that `compose` names, with every problem of its file reported; None without one that can be read.

    The file is relative to `beside`.
    """
    named = tree.at("file") if tree and tree.entries else tree
    if tree is None or named is None or not isinstance(named.value, str):
        return None
    file = (beside / named.value).resolve()
    whole = _document(file, beside / named.value, named, report)
    if whole is None:
        return None
    added = tree.at("services") or NOTHING
    services = (whole.at("services") or NOTHING).entries
    _check(whole, report)
    for name, item in added.entries.items():
        if name not in services:
            fact = f"there is no service `{name}` in {named.value}; it has {', '.join(services)}"
            report(item, f"compose.services.{name}", fact)
    found = {name: _service(name, item, added.at(name) or NOTHING) for name, item in services.items()}
    return ComposeProject(file, found, tuple(_ignored(whole)), named.place)


def _document(file: Path, shown: Path, named: Tree, report: Report) -> Tree | None:
    """The one document of the file; None, and a report, when it cannot be read or is no compose file."""
    try:
        documents = read(file.read_text(encoding="utf-8"), str(shown))
    except OSError as error:
        report(named, "compose", f"`{named.value}` cannot be read ({error.strerror}); name a compose file")
    except (UnicodeDecodeError, UnreadableError) as error:
        report(named, "compose", f"`{named.value}` cannot be read: {error}")
    else:
        services = documents[0].at("services") if len(documents) == 1 else None
        if services and services.entries:
            return documents[0]
        report(named, "compose", f"`{named.value}` is no compose file: it has no `services`")
    return None


def _service(name: str, tree: Tree, added: Tree) -> ComposeService:
    port, programs, needs = added.number("port"), added.at("programs"), tree.at("depends_on") or NOTHING
    return ComposeService(
        name,
        _source(tree),
        port=None if port is None else int(port),
        listens=added.text("port") != NO_PORT,
        metrics=added.text("metrics"),
        programs=tuple(each.written for each in (programs.items if programs else ())),
        needs=(*needs.entries, *(each.written for each in needs.items)),
        place=tree.place,
        places={key: each.place for key, each in tree.entries.items()},
    )


def _source(tree: Tree) -> str:
    build, image = tree.at("build"), tree.at("image")
    if build:
        return f"built from {build.written or build.text('context') or '.'}"
    return f"image {image.written}" if image else "no image"


def _check(whole: Tree, report: Report) -> None:
    """Report every key that cannot have its effect here."""
    for key, item in _unknown(whole, keys.TOP_USED):
        _refuse(item, key, keys.TOP_REFUSED.get(key), report)
    services = whole.at("services") or NOTHING
    check_names(services, "services", report)
    for name, service in services.entries.items():
        _check_service(service, f"services.{name}", report)
    for kind in ("volumes", "networks"):
        for name, item in (whole.at(kind) or NOTHING).entries.items():
            for key in keys.SHARED & item.fields.keys():
                if item.fields[key].value is not False:
                    _refuse(item.fields[key], f"{kind}.{name}.{key}", keys.SHARED_REFUSED, report)


def _check_service(service: Tree, path: str, report: Report) -> None:
    known = keys.SERVICE_USED | keys.SERVICE_IGNORED.keys()
    for key, item in _unknown(service, known):
        _refuse(item, join(path, key), keys.SERVICE_REFUSED.get(key), report)
    deploy = service.at("deploy") or NOTHING
    for key, item in _unknown(deploy, keys.DEPLOY_USED | keys.DEPLOY_IGNORED.keys()):
        _refuse(item, f"{path}.deploy.{key}", None, report)
    for kind, resources in (deploy.at("resources") or NOTHING).fields.items():
        for key, item in _unknown(resources, keys.RESOURCES_USED):
            _refuse(item, f"{path}.deploy.resources.{kind}.{key}", None, report)
    for name, network in (service.at("networks") or NOTHING).entries.items():
        for key, item in _unknown(network, keys.NETWORK_USED):
            _refuse(item, f"{path}.networks.{name}.{key}", keys.NETWORK_REFUSED, report)
    for name, need in (service.at("depends_on") or NOTHING).entries.items():
        if (condition := need.at("condition")) and condition.written == "service_completed_successfully":
            why = "a Deployment's pods do not complete; do that work in the command of the service that needs it"
            _refuse(condition, f"{path}.depends_on.{name}.condition", f"`{condition.written}`: {why}", report)


def _unknown(tree: Tree, known: frozenset[str]) -> Iterator[tuple[str, Tree]]:
    for key, item in tree.fields.items():
        if key not in known and not key.startswith("x-"):
            yield key, item


def _refuse(item: Tree, path: str, why: str | None, report: Report) -> None:
    report(item, path, f"{keys.NOT_SUPPORTED}: {why}" if why else f"{keys.NOT_SUPPORTED}; remove it")


def _ignored(whole: Tree) -> Iterator[str]:
    """Each key without an effect, with its place and the reason."""
    for name, service in (whole.at("services") or NOTHING).entries.items():
        yield from _of(service, keys.SERVICE_IGNORED, f"services.{name}")
        yield from _of(service.at("deploy") or NOTHING, keys.DEPLOY_IGNORED, f"services.{name}.deploy")
    networks = whole.at("networks")
    if networks and len(networks.entries) > 1:
        yield f"{networks.place}: networks: the services share one network, so that each reaches every other one"


def _of(tree: Tree, ignored: Mapping[str, str], path: str) -> Iterator[str]:
    for key, item in tree.fields.items():
        if key in ignored:
            yield f"{item.place}: {path}.{key} has no effect here: {ignored[key]}"
