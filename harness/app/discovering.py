"""Use case `discover`: propose services and symptoms from compose files, manifests and Prometheus rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.app.choices import choices_of
from harness.app.entry import Edited, add, relative, save, text_of, tree_of
from harness.bindings import FILE_NAME
from harness.errors import DocumentError
from harness.proposal.compose import is_compose, read_compose
from harness.proposal.draft import Key, block
from harness.proposal.manifests import is_manifest, read_manifests
from harness.proposal.rules import Alert, is_rules, read_rules, symptoms_of
from harness.proposal.services import Service, Unused, keys_of
from harness.schema.tree import Tree, UnreadableError
from harness.schema.tree import read as read_yaml

STDIN = Path("-")
_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class DiscoverRequest:
    """Files and folders that describe the services, and the file to propose for; `-` is standard input."""

    sources: tuple[Path, ...]
    bindings: Path = Path(FILE_NAME)
    write: bool = False
    """Add the proposal to the file."""
    stdin: str = ""
    """The text of `-`."""


@dataclass(frozen=True)
class Discovered:
    """The proposal as YAML, what it does to the file, and what has no counterpart."""

    yaml: str
    edited: Edited
    unused: tuple[Unused, ...]


def discover(request: DiscoverRequest) -> Discovered:
    """Propose from files. Raises DocumentError with every file that cannot be read, and without anything found."""
    found = _found(_documents(request), request.bindings.parent)
    before = text_of(request.bindings)
    existing = tree_of(before, request.bindings)
    keys = _keys(found, existing, request.bindings.parent)
    edited = add(before, (Key("version", "1"), *keys), request.bindings)
    if request.write:
        save(edited)
    text = "".join(f"{line}\n" for line in block(keys, 0, apart=True))
    return Discovered(text, edited, tuple(found.unused))


@dataclass
class _Found:
    services: list[Service] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
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
        raise DocumentError(f"no service and no alert in these files; name a compose file, manifests or rules{facts}")
    choices = choices_of(existing, folder)
    names = (*(choices.services if choices.own_services else ()), *(each.name for each in found.services))
    if names:
        choices = replace(choices, services=tuple(dict.fromkeys(names)), own_services=True)
    symptoms, unmatched = symptoms_of(found.alerts, existing, choices)
    found.unused += unmatched
    services = keys_of(found.services)
    return tuple(Key(name, value) for name, value in (("services", services), ("runbooks", symptoms)) if value)


def _documents(request: DiscoverRequest) -> list[tuple[Path, Tree]]:
    """The YAML documents of all files. Raises DocumentError with all problems at once."""
    documents, problems = [], []
    for file in dict.fromkeys(each for source in request.sources for each in _files(source)):
        try:
            text = request.stdin if file == STDIN else file.read_bytes().decode().removeprefix("\ufeff")
            documents += [(file, tree) for tree in read_yaml(text, "stdin" if file == STDIN else str(file))]
        except OSError as error:
            problems.append(f"{file}: cannot be read ({error.strerror})")
        except UnicodeDecodeError:
            problems.append(f"{file}: not UTF-8 text")
        except UnreadableError as error:
            problems.append(f"{error}{_hint(text)}")
    if problems:
        raise DocumentError("\n".join(problems))
    return documents


def _files(source: Path) -> Iterator[Path]:
    """A file, or the YAML files of a folder and of those below it."""
    if not source.is_dir():
        yield source
        return
    for file in sorted(source.rglob("*")):
        if file.suffix in _SUFFIXES and not any(part.startswith(".") for part in file.relative_to(source).parts):
            yield file


def _hint(text: str) -> str:
    """What to do about a template."""
    return "; if it is a Helm template, name the output of `helm template`" if "{{" in text else ""
