"""Writes the services of a bindings file as the manifests that a cluster would get: a Deployment and a Service each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import yaml

from harness.bindings import TCP, OwnService
from harness.cluster.manifest import IMAGE_OF_COMMANDS, NEEDS, PROGRAMS, SCRAPE
from harness.machine.objects import Json, Obj

GRACE_S = 10
"""Seconds from SIGTERM to SIGKILL."""
VOLUME = "volume"


def write(services: Iterable[OwnService], folder: Path) -> None:
    """Write `folder`/NAME.yaml for each service, and the kustomization.yaml that lists them."""
    write_objects({each.name: [_deployment(each), service_of(each.name, each.port)] for each in services}, folder)


def write_objects(objects: Mapping[str, Sequence[Obj]], folder: Path) -> None:
    """Write the objects of each service as `folder`/NAME.yaml, and the kustomization.yaml that lists the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, each in objects.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump_all(each, sort_keys=False), encoding="utf-8")
    resources: list[Json] = [f"{name}.yaml" for name in objects]
    (folder / "kustomization.yaml").write_text(yaml.safe_dump({"resources": resources}), encoding="utf-8")


def _deployment(each: OwnService) -> Obj:
    lists = {NEEDS: ",".join(each.needs), PROGRAMS: ",".join(each.programs)}
    pod: Obj = {"terminationGracePeriodSeconds": GRACE_S, "containers": [_container(each)]}
    if each.volume is not None:
        pod["volumes"] = [{"name": VOLUME, "emptyDir": {"medium": "Memory", "sizeLimit": each.volume}}]
    template: Obj = {
        "metadata": {"labels": {"app": each.name}, "annotations": scraping(each.metrics, each.port)},
        "spec": pod,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": each.name,
            "labels": {"app": each.name},
            "annotations": {key: value for key, value in lists.items() if value},
        },
        "spec": {"replicas": each.replicas, "selector": {"matchLabels": {"app": each.name}}, "template": template},
    }


def scraping(metrics: str | None, port: int | None) -> Obj:
    """The annotations by which Prometheus' usual configuration for Kubernetes finds the metrics of a pod."""
    if metrics is None or port is None:
        return {SCRAPE: "false"}
    return {SCRAPE: "true", "prometheus.io/path": metrics, "prometheus.io/port": str(port)}


def _container(each: OwnService) -> Obj:
    """Liveness is a connection only: a service that is unready because of another one must not be restarted."""
    connection: Obj = {"tcpSocket": {"port": each.port}}
    ready: Obj = connection if each.health == TCP else {"httpGet": {"path": each.health, "port": each.port}}
    env: list[Json] = [{"name": name, "value": value} for name, value in each.env.items()]
    mounts: Obj = {} if each.volume is None else {"volumeMounts": [{"name": VOLUME, "mountPath": f"/{VOLUME}"}]}
    return {
        "name": "app",
        "image": IMAGE_OF_COMMANDS,
        "imagePullPolicy": "IfNotPresent",
        "command": ["bash", "-c", each.run],
        "workingDir": str(each.folder),
        "ports": [{"name": "main", "containerPort": each.port, "protocol": "TCP"}],
        "env": env,
        "readinessProbe": {**ready, "timeoutSeconds": 1, "periodSeconds": 1, "failureThreshold": 2},
        "livenessProbe": {**connection, "timeoutSeconds": 2, "periodSeconds": 5, "failureThreshold": 3},
        **mounts,
    }


def service_of(name: str, number: int) -> Obj:
    """The Service of a Deployment with this name, at the port on which its pods listen."""
    port: Obj = {"name": "main", "port": number, "targetPort": number, "protocol": "TCP"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"selector": {"app": name}, "ports": [port]},
    }
