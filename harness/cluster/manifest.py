"""The manifest of the services: what `deploy/base` declares, as far as the small cluster deploys it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

from harness import shipped
from harness.machine.objects import Obj, environment, section, strings, text

NAMESPACE = "production"
NO_OVERRIDES: Mapping[str, Mapping[str, str]] = MappingProxyType({})
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader in C, where PyYAML was built with it, is ten times faster."""


@dataclass(frozen=True)
class Manifest:
    """The declared objects, each as written in its file."""

    deployments: Mapping[str, Obj]
    """By name, in the order of kustomization.yaml."""
    services: Mapping[str, Obj]
    """By name: the Services that select pods of one of the Deployments."""
    ingresses: Sequence[Obj]
    network_policies: Sequence[Obj]
    volume_claims: Sequence[Obj]
    database: Obj
    """The StatefulSet of the database, which each runtime replaces by a server of its own; empty without one."""

    @property
    def database_name(self) -> str:
        """The database's host name, and the name of the Secret that holds its URL under the key `url`."""
        return _name(self.database)

    def environments(self) -> dict[str, dict[str, str]]:
        """Plain environment variables by Deployment; those that come from a Secret or a field are left out."""
        return {name: environment(template(each)) for name, each in self.deployments.items()}


def template(workload: Obj) -> Obj:
    """The pod template of a Deployment or StatefulSet."""
    return section(workload, "spec", "template")


@cache
def read(folder: Path | None = None) -> Manifest:
    """Read the resources that `folder`/kustomization.yaml lists; default: the shipped deploy/base.

    Raises MachineError when the shipped files are missing.
    """
    kinds: dict[str, list[Obj]] = {}
    for each in _documents(folder or shipped.path("deploy/base")):
        kinds.setdefault(text(each, "kind"), []).append(each)
    deployments = {_name(each): each for each in kinds.get("Deployment", ())}
    return Manifest(
        deployments,
        {_name(each): each for each in kinds.get("Service", ()) if _selects_any(each, deployments.values())},
        ingresses=kinds.get("Ingress", ()),
        network_policies=kinds.get("NetworkPolicy", ()),
        volume_claims=kinds.get("PersistentVolumeClaim", ()),
        database=next(iter(kinds.get("StatefulSet", ())), {}),
    )


def _documents(folder: Path) -> Iterator[Obj]:
    (kustomization,) = _load(folder / "kustomization.yaml")
    resources = kustomization.get("resources")
    for name in resources if isinstance(resources, list) else ():
        yield from _load(folder / str(name))


def _load(path: Path) -> list[Obj]:
    with path.open(encoding="utf-8") as file:
        return [each for each in yaml.load_all(file, Loader=_LOADER) if isinstance(each, dict)]


def _name(each: Obj) -> str:
    return text(each, "metadata", "name")


def _selects_any(service: Obj, deployments: Iterable[Obj]) -> bool:
    wanted = strings(section(service, "spec", "selector")).items()
    return any(wanted <= strings(section(template(each), "metadata", "labels")).items() for each in deployments)
