"""The platform as the rules of group 9 see it: the names in its manifests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.schema.tree import Tree

WORKLOADS = ("deployment", "statefulset", "daemonset")
CHECKED = (*WORKLOADS, "service", "horizontalpodautoscaler", "configmap", "cronjob", "ingress")
"""The kinds whose names can be compared with manifests."""


@dataclass(frozen=True)
class Platform:
    """What exists on a platform."""

    objects: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Names by kind, in small letters."""
    variables: frozenset[str] = frozenset()
    """Environment variables of all containers, and the keys of ConfigMaps."""
    ports: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Ports by Service, as numbers and names."""
    container_ports: frozenset[str] = frozenset()
    autoscaled: frozenset[str] = frozenset()
    """`kind/name` of what a HorizontalPodAutoscaler scales."""

    images: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The images of the containers, by `kind/name` of their workload."""

    def names(self, kind: str) -> frozenset[str]:
        """The names of a kind; of a pod, those of the workloads that it may belong to."""
        if kind == "pod":
            return frozenset[str]().union(*(self.objects.get(each, frozenset()) for each in WORKLOADS))
        return self.objects.get(kind, frozenset())

    def has(self, kind: str, name: str) -> bool:
        """Whether an object exists; of a pod, whether a workload does whose name it begins with."""
        if kind == "pod":
            return any(name == each or name.startswith(f"{each}-") for each in self.names(kind))
        return name in self.names(kind)


def of_manifests(trees: Iterable[Tree]) -> Platform:
    """The platform that manifests describe; a list of objects (`kind: List`) counts as its items."""
    objects: dict[str, set[str]] = {}
    variables: set[str] = set()
    ports: dict[str, frozenset[str]] = {}
    container_ports: set[str] = set()
    autoscaled: set[str] = set()
    images: dict[str, frozenset[str]] = {}
    for tree in _objects(trees):
        kind, name = (tree.text("kind") or "").lower(), tree.text("metadata", "name") or ""
        objects.setdefault(kind, set()).add(name)
        if kind == "service":
            ports[name] = frozenset(_values(tree, ("spec", "ports"), ("port", "name")))
        elif kind == "horizontalpodautoscaler":
            target = tree.at("spec", "scaleTargetRef")
            autoscaled |= {f"{(target.text('kind') or '').lower()}/{target.text('name')}"} if target else set()
        elif kind == "configmap":
            data = tree.at("data")
            variables |= set(data.fields) if data else set()
        containers = list(_containers(tree))
        images[f"{kind}/{name}"] = frozenset(filter(None, (container.text("image") for container in containers)))
        for container in containers:
            variables |= set(_values(container, ("env",), ("name",)))
            container_ports |= set(_values(container, ("ports",), ("containerPort", "name")))
    kinds = {kind: frozenset(names) for kind, names in objects.items()}
    return Platform(kinds, frozenset(variables), ports, frozenset(container_ports), frozenset(autoscaled), images)


def _objects(trees: Iterable[Tree]) -> Iterator[Tree]:
    for tree in trees:
        items = tree.at("items") if (tree.text("kind") or "").endswith("List") else None
        if items:
            yield from _objects(items.items)
        elif tree.text("kind") and tree.text("metadata", "name"):
            yield tree


def _containers(tree: Tree) -> Iterator[Tree]:
    pod = tree.at("spec", "template", "spec") or tree.at("spec", "jobTemplate", "spec", "template", "spec")
    for key in ("initContainers", "containers") if pod else ():
        found = pod.at(key) if pod else None
        yield from found.items if found else ()


def _values(tree: Tree, path: tuple[str, ...], keys: tuple[str, ...]) -> Iterator[str]:
    found = tree.at(*path)
    for item in found.items if found else ():
        yield from (str(text) for key in keys if (value := item.at(key)) and (text := value.written))
