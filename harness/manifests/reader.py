"""Reads `manifests` of a bindings file, and reports every object that cannot be a part of a drill."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from harness.machine.objects import number, text
from harness.manifests.files import FilesError, objects_of
from harness.manifests.model import Declared, Manifests
from harness.manifests.refusals import is_test, refusals
from harness.schema.tree import Tree

ReportText: TypeAlias = Callable[[str], None]
"""Receives a whole message, which begins with file, line and column."""


def read_manifests(tree: Tree, beside: Path, namespace: str, report: ReportText) -> Manifests:
    """The manifests of a tree that has the right shape; its path is relative to the folder `beside`."""
    written = tree.text("path") if tree.entries else str(tree.value)
    try:
        found = objects_of(beside / (written or ""))
    except FilesError as error:
        found = []
        for line in str(error).split("\n"):
            report(f"{tree.place}: manifests: {line}")
    else:
        for message in _problems(found, tree):
            report(message)
    return _manifests(tree, namespace, found)


def _manifests(tree: Tree, namespace: str, found: list[Declared]) -> Manifests:
    metrics, programs = tree.at("metrics"), tree.at("programs")
    paths = metrics.fields if metrics else {}
    return Manifests(
        tree.place,
        namespace,
        tuple(each for each in found if each.kind != "Namespace" and not is_test(each)),
        next(_namespaces(found), ("", ""))[0],
        frozenset(each.written for each in (programs.items if programs else ())),
        {name: each.written for name, each in paths.items()},
        {name: each.place for name, each in paths.items()},
    )


def _problems(found: list[Declared], tree: Tree) -> Iterator[str]:
    tested = [each for each in found if not is_test(each) and each.kind != "Namespace"]
    for each in tested:
        for refused in refusals(each):
            yield f"{each.place(*refused.path)}: {each.about}: {refused.fact}"
    yield from _other_namespaces(found)
    yield from _doubled(tested)
    deployments = {each.name for each in tested if each.kind == "Deployment"}
    if not deployments:
        yield f"{tree.place}: manifests: there is no Deployment in them; a drill needs one to break and to watch"
    metrics = tree.at("metrics")
    for name, path in (metrics.fields if metrics else {}).items():
        if name not in deployments:
            yield f"{path.place}: manifests.metrics: there is no Deployment `{name}`; known: {_listed(deployments)}"
    yield from _too_many(tested)


def _other_namespaces(found: list[Declared]) -> Iterator[str]:
    """A side is one namespace: the second one that the files name is refused, wherever it stands."""
    first = next(_namespaces(found), ("", ""))[0]
    for name, place in _namespaces(found):
        if name != first:
            yield f"{place}: the namespace {name}: a side of a drill is one namespace, and the files name {first} too"


def _namespaces(found: list[Declared]) -> Iterator[tuple[str, str]]:
    for each in found:
        path = ("metadata", "name" if each.kind == "Namespace" else "namespace")
        if name := text(each.body, *path):
            yield name, each.place(*path)


def _doubled(found: list[Declared]) -> Iterator[str]:
    first: dict[tuple[str, str], Declared] = {}
    for each in found:
        earlier = first.setdefault((each.kind, each.name), each)
        if each is not earlier and each.name:
            yield f"{each.place('metadata', 'name')}: {each.about}: is at {earlier.place()} already; keep one"


MOST_PODS = 50
"""Of all Deployments of one side."""


def _too_many(found: list[Declared]) -> Iterator[str]:
    replicas: Mapping[str, int] = Counter(
        {
            each.name: int(number(each.body, "spec", "replicas", default=1))
            for each in found
            if each.kind == "Deployment"
        }
    )
    if sum(replicas.values()) > MOST_PODS:
        most = max(found, key=lambda each: replicas.get(each.name, 0) if each.kind == "Deployment" else 0)
        fact = f"{sum(replicas.values())} replicas in all, on each of two sides; the limit is {MOST_PODS}"
        yield f"{most.place('spec', 'replicas')}: {most.about}: {fact}"


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"
