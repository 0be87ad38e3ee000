"""Writes the services of a compose project as the manifests that the small cluster deploys, and their options."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from harness.cluster.manifest import NEEDS, PROGRAMS, RESTART
from harness.cluster.own_manifest import scraping, service_of, write_objects
from harness.cluster.runtimes.container import options
from harness.machine.objects import Json, Obj
from harness.platforms.docker.compose.model import Container


def write(containers: Sequence[Container], folder: Path) -> None:
    """Write `folder`/NAME.yaml for each service, the kustomization.yaml that lists them, and containers.json."""
    write_objects({each.service.name: list(_objects(each)) for each in containers}, folder)
    ports = {each.service.name: each.ports[0] if each.ports else None for each in containers}
    found = {each.service.name: replace(each.options, port=ports[each.service.name]) for each in containers}
    options.write(found, folder)


def _objects(each: Container) -> Iterator[Obj]:
    """The Deployment, and the Service of one that has a port."""
    yield _deployment(each)
    if each.ports:
        yield service_of(each.service.name, each.ports[0])


def _deployment(each: Container) -> Obj:
    name = each.service.name
    lists = {NEEDS: ",".join(each.service.needs), PROGRAMS: ",".join(each.service.programs)}
    pod: Obj = {"terminationGracePeriodSeconds": math.ceil(each.grace_s), "containers": [_container(each)]}
    spec: Obj = {"replicas": each.replicas, "selector": {"matchLabels": {"app": name}}}
    if any(mount.source and not mount.bind and not mount.read_only for mount in each.options.mounts):
        spec["strategy"] = {"type": "Recreate"}  # two pods must not write to one volume at the same time
    scraped = scraping(each.service.metrics, each.ports[0] if each.ports else None)
    spec["template"] = {"metadata": {"labels": {"app": name}, "annotations": scraped}, "spec": pod}
    annotations: Obj = {RESTART: each.restart, **{key: value for key, value in lists.items() if value}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {"app": name}, "annotations": annotations},
        "spec": spec,
    }


def _container(each: Container) -> Obj:
    env: list[Json] = [{"name": name, "value": value} for name, value in each.env.items()]
    ports: list[Json] = [{"name": "main", "containerPort": port, "protocol": "TCP"} for port in each.ports]
    probe = _probe(each)
    fields: Obj = {
        "command": None if each.entrypoint is None else list(each.entrypoint),
        "args": None if each.command is None else list(each.command),
        "workingDir": each.working_dir,
        "ports": ports or None,
        "env": env or None,
        "readinessProbe": probe or None,
    }
    return {
        "name": "app",
        "image": each.image,
        "imagePullPolicy": "IfNotPresent",
        **{key: value for key, value in fields.items() if value is not None},
        "resources": {
            kind: dict(given) for kind, given in (("limits", each.limits), ("requests", each.requests)) if given
        },
    }


def _probe(each: Container) -> Obj:
    """The health check, else a connection to the port; empty without both: a pod that runs is ready."""
    if each.health is not None:
        return {
            "exec": {"command": list(each.health.command)},
            "timeoutSeconds": each.health.timeout_s,
            "periodSeconds": each.health.interval_s,
            "failureThreshold": each.health.retries,
        }
    if each.ports:
        connection: Obj = {"port": each.ports[0]}
        return {"tcpSocket": connection, "timeoutSeconds": 1, "periodSeconds": 1, "failureThreshold": 2}
    return {}
