"""Writes the services of a compose project as the manifests that the small cluster deploys, and their options."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from harness.cluster.manifest import NEEDS, PROGRAMS, RESTART, SCRAPE
from harness.cluster.runtimes.container import options
from harness.machine.objects import Json, Obj
from harness.platforms.docker.compose.model import Container


def write(containers: Sequence[Container], folder: Path) -> None:
    """Write `folder`/NAME.yaml for each service, the kustomization.yaml that lists them, and containers.json."""
    folder.mkdir(parents=True, exist_ok=True)
    resources: list[Json] = []
    for each in containers:
        file = f"{each.service.name}.yaml"
        resources.append(file)
        (folder / file).write_text(yaml.safe_dump_all(_objects(each), sort_keys=False), encoding="utf-8")
    (folder / "kustomization.yaml").write_text(yaml.safe_dump({"resources": resources}), encoding="utf-8")
    ports = {each.service.name: each.ports[0] if each.ports else None for each in containers}
    found = {each.service.name: replace(each.options, port=ports[each.service.name]) for each in containers}
    options.write(found, folder)


def _objects(each: Container) -> Iterator[Obj]:
    """The Deployment, and the Service of one that has a port."""
    yield _deployment(each)
    if each.ports:
        name = each.service.name
        port: Obj = {"name": "main", "port": each.ports[0], "targetPort": each.ports[0], "protocol": "TCP"}
        yield {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "labels": {"app": name}},
            "spec": {"selector": {"app": name}, "ports": [port]},
        }


def _deployment(each: Container) -> Obj:
    name = each.service.name
    lists = {NEEDS: ",".join(each.service.needs), PROGRAMS: ",".join(each.service.programs)}
    pod: Obj = {"terminationGracePeriodSeconds": math.ceil(each.grace_s), "containers": [_container(each)]}
    spec: Obj = {"replicas": each.replicas, "selector": {"matchLabels": {"app": name}}}
    if any(mount.source and not mount.bind and not mount.read_only for mount in each.options.mounts):
        spec["strategy"] = {"type": "Recreate"}  # two pods must not write to one volume at the same time
    spec["template"] = {"metadata": {"labels": {"app": name}, "annotations": _scraping(each)}, "spec": pod}
    annotations: Obj = {RESTART: each.restart, **{key: value for key, value in lists.items() if value}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {"app": name}, "annotations": annotations},
        "spec": spec,
    }


def _scraping(each: Container) -> Obj:
    """The annotations by which Prometheus' usual configuration for Kubernetes finds the metrics of a pod."""
    if each.service.metrics is None or not each.ports:
        return {SCRAPE: "false"}
    return {SCRAPE: "true", "prometheus.io/path": each.service.metrics, "prometheus.io/port": str(each.ports[0])}


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
