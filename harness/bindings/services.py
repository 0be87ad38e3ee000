"""Reads `services` of a bindings file, and checks what its entries say about each other and about this machine."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from harness.bindings.model import TCP, OwnService
from harness.bindings.service_schema import SET_BY_PLATFORM
from harness.bindings.variables import REFERENCE, link_names
from harness.schema.shape import Report
from harness.schema.tree import Tree

DEFAULT_PORT = 8080
_SET_BY_EVERY_POD = (*SET_BY_PLATFORM, "HOME", "PATH", "HOSTNAME", "LANG")


def check_references(services: Tree | None, beside: Path, report: Report) -> None:
    """Report folders, needed services and variables that do not exist, and services that need each other.

    Folders are relative to `beside`.
    """
    entries = services.entries if services else {}
    for name, service in entries.items():
        path = f"services.{name}"
        _check_folder(service, path, beside, report)
        for need in _needs(service):
            if need.is_scalar and need.written not in entries:
                fact = f"there is no service `{need.written}`; known: {', '.join(entries)}"
                report(need, f"{path}.needs", fact)
        _check_variables(service, path, entries, report)
    _check_cycles(entries, report)


def _check_folder(service: Tree, path: str, beside: Path, report: Report) -> None:
    folder = service.at("folder")
    if folder and isinstance(folder.value, str) and not (beside / folder.value).is_dir():
        report(folder, f"{path}.folder", f"`{folder.value}` is no folder in {beside.resolve()}; create or correct it")


def _check_variables(service: Tree, path: str, services: Collection[str], report: Report) -> None:
    """A reference to a variable that comes later, or never, would reach the service as it is written."""
    known = {*_SET_BY_EVERY_POD, *(name for each in services for name in link_names(each))}
    env = service.at("env")
    for name, value in env.fields.items() if env else ():
        for reference in REFERENCE.finditer(value.written):
            if reference[1] and reference[1] not in known:
                fact = f"`{reference[0]}` is no variable of the services, and none above; `$$` is a plain `$`"
                report(value, f"{path}.env.{name}", fact)
        known.add(name)


def _needs(service: Tree) -> Sequence[Tree]:
    needs = service.at("needs")
    return needs.items if needs else ()


def _check_cycles(services: Mapping[str, Tree], report: Report) -> None:
    """Report each circle of needs once, at the service of it that stands first."""
    needed = {
        name: [need.written for need in _needs(each) if need.written in services] for name, each in services.items()
    }
    reported: set[str] = set()
    for name in services:
        circle = () if name in reported else _circle(name, needed)
        if circle:
            reported.update(circle)
            fact = f"{' needs '.join((*circle, name))}; none of them could start: remove one"
            report(services[name].fields["needs"], f"services.{name}.needs", fact)


def _circle(start: str, needed: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The services from `start` back to it along their needs; empty without such a way."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = set[str]()
    while ways:
        way = ways.pop()
        for need in needed[way[-1]]:
            if need == start:
                return way
            if need not in seen:
                seen.add(need)
                ways.append((*way, need))
    return ()


def read_services(services: Tree | None, beside: Path) -> dict[str, OwnService]:
    """The services by name, of a tree that has been checked."""
    return {name: _service(name, each, beside) for name, each in services.fields.items()} if services else {}


def _service(name: str, tree: Tree, beside: Path) -> OwnService:
    fields = tree.fields
    return OwnService(
        name=name,
        run=fields["run"].written,
        folder=(beside / (tree.text("folder") or ".")).resolve(),
        port=int(tree.number("port") or DEFAULT_PORT),
        replicas=int(tree.number("replicas") or 1),
        programs=tuple(_written(tree.at("programs"))),
        env={key: value.written for key, value in fields["env"].fields.items()} if "env" in fields else {},
        health=tree.text("health") or TCP,
        metrics=tree.text("metrics"),
        needs=tuple(dict.fromkeys(_written(tree.at("needs")))),
        volume=tree.text("volume"),
        place=tree.place,
        places={key: each.place for key, each in fields.items()},
    )


def _written(tree: Tree | None) -> Iterator[str]:
    yield from (item.written for item in (tree.items if tree else ()))
