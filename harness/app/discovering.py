"""Use case `discover`: propose services and symptoms from compose files, manifests and Prometheus rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.app.choices import choices_of
from harness.app.proposing import Edited, add, relative, save, text_of, tree_of
from harness.bindings import FILE_NAME
from harness.errors import DocumentError
from harness.platforms.kubernetes.commands import run
from harness.proposal import live
from harness.proposal.compose import is_compose, read_compose
from harness.proposal.draft import Key, block
from harness.proposal.manifests import is_manifest, read_manifests
from harness.proposal.rules import Alert, is_rules, read_rules, symptoms_of
from harness.proposal.services import Service, Unused, keys_of
from harness.schema.tree import Tree, UnreadableError
from harness.schema.tree import read as read_yaml

STDIN = Path("-")
ON_DOCKER = "On docker, `compose: {}` runs the file as it is, in place of `services`."
_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class DiscoverRequest:
    """Files and folders that describe the services, and the file to propose for; `-` is standard input."""

    sources: tuple[Path, ...]
    """Empty with a context."""
    bindings: Path = Path(FILE_NAME)
    write: bool = False
    """Add the proposal to the file."""
    stdin: str = ""
    """The text of `-`."""
    context: str | None = None
    """The kube context of a cluster of which a namespace is read; None: no cluster is asked."""
    namespace: str | None = None
    """The namespace; None: that of the bindings file, else `production`."""


@dataclass(frozen=True)
class Discovered:
    """The proposal as YAML, what it does to the file, and what has no counterpart."""

    yaml: str
    edited: Edited
    unused: tuple[Unused, ...]


def discover(request: DiscoverRequest) -> Discovered:
    """Propose from files. Raises DocumentError with every file that cannot be read, and without anything found."""
    documents, unreadable = _documents(request)
    before = text_of(request.bindings)
    existing = tree_of(before, request.bindings)
    if request.context:
        documents += ((STDIN, each) for each in _running(request.context, _namespace(request, existing)))
    found = _found(documents, request.bindings.parent)
    found.unused += unreadable
    keys = _keys(found, existing, request.bindings.parent)
    edited = add(before, (Key("version", "1"), *keys), request.bindings)
    if request.write:
        save(edited)
    text = "".join(f"{line}\n" for line in block(keys, 0, apart=True))
    return Discovered(text, edited, tuple(found.unused))


def _namespace(request: DiscoverRequest, existing: Tree) -> str:
    return request.namespace or existing.text("namespace") or "production"


def _running(context: str, namespace: str) -> Sequence[Tree]:
    """The objects of a namespace. Raises PlatformError with kubectl's message; changes nothing."""
    argv = ["kubectl", f"--context={context}", "-n", namespace, "get", ",".join(live.KINDS), "-o", "json"]
    hint = (
        "`kubectl config get-contexts` lists the contexts; `kubectl auth can-i get deployments -n NAMESPACE` the rights"
    )
    return live.trees_of(json.loads(run(argv, hint)), f"{context}/{namespace}")


@dataclass
class _Found:
    services: list[Service] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    compose: list[str] = field(default_factory=list)
    """The compose files, as gameday.yaml names them."""
    unused: list[Unused] = field(default_factory=list)


def _found(documents: Sequence[tuple[Path, Tree]], folder: Path) -> _Found:
    """What the YAML documents describe; the first of two services with one name counts."""
    found = _Found()
    manifests = []
    for file, tree in documents:
        if is_rules(tree):
            rules = read_rules(tree)
            found.alerts += rules.alerts
            found.unused += rules.unused
        elif is_manifest(tree):
            manifests.append(tree)
        elif is_compose(tree):
            if file != STDIN:
                found.compose.append(relative(file, folder))
            described = read_compose(tree, "." if file == STDIN else relative(file.parent, folder))
            _add(described.services, found)
            found.unused += described.unused
        else:
            found.unused.append(Unused(tree.place, "not a compose file, a manifest or a file of Prometheus rules"))
    described = read_manifests(manifests)
    _add(described.services, found)
    found.unused += described.unused
    return found


def _add(services: Sequence[Service], found: _Found) -> None:
    for each in services:
        first = next((other for other in found.services if other.name == each.name), None)
        if first:
            found.unused.append(Unused(each.place, f"service {each.name}: described at {first.place} already"))
        else:
            found.services.append(each)


def _keys(found: _Found, existing: Tree, folder: Path) -> tuple[Key, ...]:
    if not found.services and not found.alerts:
        facts = "".join(f"\n{each.place}: {each.what}" for each in found.unused)
        raise DocumentError(f"no service and no alert here; name a compose file, manifests or rules{facts}")
    choices = choices_of(existing, folder)
    names = (*(choices.services if choices.own_services else ()), *(each.name for each in found.services))
    if names:
        choices = replace(choices, services=tuple(dict.fromkeys(names)), own_services=True)
    symptoms, unused = symptoms_of(found.alerts, existing, choices)
    found.unused += unused
    services = () if existing.at("compose") or existing.at("manifests") else keys_of(found.services)
    keys = (Key("services", services, tuple(map(ON_DOCKER.format, found.compose))), Key("runbooks", symptoms))
    return tuple(key for key in keys if key.value)


def _documents(request: DiscoverRequest) -> tuple[list[tuple[Path, Tree]], list[Unused]]:
    """The YAML documents of all files, and the files of folders that cannot be read.

    Raises DocumentError with every named file that cannot be read.
    """
    documents: list[tuple[Path, Tree]] = []
    problems, unreadable = list[str](), list[Unused]()
    for file in dict.fromkeys(each for source in request.sources for each in _files(source)):
        try:
            documents += ((file, tree) for tree in _trees(file, request.stdin))
        except DocumentError as error:
            if file in request.sources:
                problems.append(str(error))
            else:
                unreadable.append(Unused(str(file), str(error).removeprefix(f"{file}: ")))
    if problems:
        raise DocumentError("\n".join(problems))
    return documents, unreadable


def _trees(file: Path, stdin: str) -> list[Tree]:
    """The YAML documents of a file. Raises DocumentError."""
    try:
        text = stdin if file == STDIN else file.read_bytes().decode().removeprefix("\ufeff")
    except OSError as error:
        raise DocumentError(f"{file}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise DocumentError(f"{file}: not UTF-8 text") from None
    try:
        return read_yaml(text, "stdin" if file == STDIN else str(file))
    except UnreadableError as error:
        hint = "; if it is a Helm template, name the output of `helm template`" if "{{" in text else ""
        raise DocumentError(f"{error}{hint}") from None


def _files(source: Path) -> Iterator[Path]:
    """A file, or the YAML files of a folder and of those below it."""
    if not source.is_dir():
        yield source
        return
    for file in sorted(source.rglob("*")):
        if file.suffix in _SUFFIXES and not any(part.startswith(".") for part in file.relative_to(source).parts):
            yield file
