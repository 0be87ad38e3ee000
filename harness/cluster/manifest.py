"""The manifest of the services: what `deploy/base` declares, as far as the small cluster deploys it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

from harness import shipped
from harness.machine import quantities
from harness.machine.loopback import PORT
from harness.machine.objects import Obj, environment, items, number, section, strings, text

NAMESPACE = "production"
NO_OVERRIDES: Mapping[str, Mapping[str, str]] = MappingProxyType({})
IMAGE_OF_COMMANDS = "own-services:local"
"""The image in the manifests of services that are commands on this machine."""
NEEDS, PROGRAMS = "gameday.needs", "gameday.programs"
"""Annotations of a Deployment: names, with commas between them, of the Deployments that must be ready before it starts,
and of the programs that `kubectl exec` may start in its pods."""
RESTART = "gameday.restart"
"""Annotation of a Deployment of a compose project: the service's `restart`. Its manifest is deployed as it is."""
SCRAPE = "prometheus.io/scrape"
"""Annotation of a pod: `false` for one without metrics."""
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

    def names_in(self, annotation: str, deployment: str) -> tuple[str, ...]:
        """The names in an annotation of a Deployment (NEEDS, PROGRAMS)."""
        found = text(self.deployments[deployment], "metadata", "annotations", annotation)
        return tuple(found.split(",")) if found else ()

    @property
    def commanded(self) -> tuple[str, ...]:
        """The Deployments whose containers have a command of their own, instead of the image's."""
        return tuple(name for name, each in self.deployments.items() if "command" in container(template(each)))

    @property
    def composed(self) -> tuple[str, ...]:
        """The Deployments of a compose project, each with an image of its own."""
        return tuple(name for name, each in self.deployments.items() if is_composed(each))

    def restart(self, deployment: str) -> str:
        """The restart policy of a service of a compose project; "" for other Deployments."""
        return text(self.deployments[deployment], "metadata", "annotations", RESTART)

    @property
    def images(self) -> tuple[str, ...]:
        """The images of the Deployments of a compose project."""
        return tuple(text(container(template(self.deployments[name])), "image") for name in self.composed)

    def port(self, service: str) -> int:
        """The first port of a Service."""
        return int(number(next(iter(items(self.services[service], "spec", "ports")), {}), "port", default=PORT))

    def environments(self) -> dict[str, dict[str, str]]:
        """Plain environment variables by Deployment; those that come from a Secret or a field are left out."""
        return {name: environment(template(each)) for name, each in self.deployments.items()}


def template(workload: Obj) -> Obj:
    """The pod template of a Deployment or StatefulSet."""
    return section(workload, "spec", "template")


def container(template: Obj) -> Obj:
    """The first container of a pod template."""
    return next(iter(items(template, "spec", "containers")), {})


def asked_at(template: Obj) -> Obj:
    """How the pods of a template are asked: their `port`, and the paths `health`, "" for a connection, and `metrics`,
    "" for none."""
    asked, ports = container(template), items(container(template), "ports")
    annotations = section(template, "metadata", "annotations")
    path = text(annotations, "prometheus.io/path", default="/metrics")
    tcp = "tcpSocket" in section(asked, "readinessProbe")
    return {
        "port": int(number(next(iter(ports), {}), "containerPort", default=PORT)),
        "health": "" if tcp else text(asked, "readinessProbe", "httpGet", "path", default="/health"),
        "metrics": "" if annotations.get(SCRAPE) == "false" else path,
    }


def volume_bytes(template: Obj) -> int | None:
    """The size of the volume in memory (an emptyDir) of a template's pods; None for pods without one."""
    for each in items(template, "spec", "volumes"):
        declared = section(each, "emptyDir")
        size = quantities.parse(declared.get("sizeLimit"))
        if declared.get("medium") == "Memory" and size is not None:
            return int(size)
    return None


def is_composed(deployment: Obj) -> bool:
    """Whether a Deployment belongs to a compose project."""
    return bool(text(deployment, "metadata", "annotations", RESTART))


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
