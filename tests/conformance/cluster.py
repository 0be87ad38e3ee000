"""A real cluster for the conformance suite: an existing one, or a temporary one created by kind.

`GAMEDAY_CONFORMANCE_KUBECONFIG` is the kubeconfig of a kind cluster in which the namespace `production` is replaced.
`GAMEDAY_NODE_IMAGE` and `GAMEDAY_BASE_IMAGE` are for machines without access to an image registry.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.cluster.static_objects import SERVER_VERSION
from tests.conformance.sides import NAMESPACE, Side, objects_of, real_side, roll_out
from tests.support.paths import ROOT

NAME = "gameday-conformance"
IMAGE, BASE = "gameday-fakes:local", "gameday-fakes:conformance"
BY_NAME = f"""FROM {BASE}
ENTRYPOINT ["sh", "-c", "POD_NAME=$HOSTNAME exec python -m fakes ${{HOSTNAME%-*-*}}"]
"""
"""As on the local platform, all pods have the same image; the pod's name determines the service that it runs."""
METRICS = ROOT / "deploy" / "metrics-server"
TRIES_S = 300
DEPLOY_TRIES = 4


def kubectl() -> str | None:
    """The kubectl on PATH with the same minor version as our own; None without one."""
    minor = ".".join(SERVER_VERSION.split(".")[:2])
    for folder in os.environ["PATH"].split(os.pathsep):
        program = shutil.which("kubectl", path=folder)
        if program and f"Client Version: {minor}." in _run(program, "version", "--client").stdout:
            return program
    return None


def missing() -> str:
    """What this machine lacks for the suite; empty if nothing."""
    lacks = [name for name in ("docker", "kind") if shutil.which(name) is None]
    if kubectl() is None:
        lacks.append(f"kubectl {'.'.join(SERVER_VERSION.split('.')[:2])}")
    if lacks:
        return f"not on PATH: {', '.join(lacks)}"
    if _run("docker", "info").returncode:
        return "the Docker engine does not respond"
    needed = [ROOT / "Dockerfile", *([] if _given() else [METRICS])]
    return "; ".join(f"there is no {path}" for path in needed if not path.exists())


@contextmanager
def cluster(folder: Path) -> Iterator[Side]:
    """The real kubectl with a cluster that has metrics and the image; removes what it created."""
    given = _given()
    kubeconfig = Path(given) if given else folder / "kubeconfig"
    program = kubectl()
    assert program is not None
    try:
        if not given:
            image = os.environ.get("GAMEDAY_NODE_IMAGE")
            arguments = ["--image", image] if image else []
            _must("kind", "create", "cluster", "--name", NAME, "--kubeconfig", kubeconfig, "--wait", "180s", *arguments)
        side = real_side(program, kubeconfig)
        _load(side)
        _measure(side)
        yield side
    finally:
        if not given:
            _must("kind", "delete", "cluster", "--name", NAME, "--kubeconfig", kubeconfig)
        _run("docker", "image", "rm", IMAGE, BASE)


def _given() -> str | None:
    return os.environ.get("GAMEDAY_CONFORMANCE_KUBECONFIG")


def _load(side: Side) -> None:
    base = os.environ.get("GAMEDAY_BASE_IMAGE")
    _must("docker", "build", "--tag", BASE, *(["--build-arg", f"BASE={base}"] if base else []), ROOT)
    _must("docker", "build", "--tag", IMAGE, "-", given=BY_NAME)
    name = side.must("config", "current-context").strip().removeprefix("kind-")
    _must("kind", "load", "docker-image", IMAGE, "--name", name)


def _measure(side: Side) -> None:
    """Make `kubectl top` work: install the metrics server if the cluster has none."""
    if side.run("get", "apiservice", "v1beta1.metrics.k8s.io").status:
        side.must("apply", "-k", str(METRICS))
    side.must("wait", "--for=condition=Available", "--timeout=120s", "apiservice/v1beta1.metrics.k8s.io")


def deploy(side: Side, local: Side, folder: Path) -> None:
    """Bring both sides to the same state: the objects of the local platform, then their rollouts and replicas.

    Repeated on the real side when a pod was restarted or could not be started: the events and restart counts of an
    overloaded machine would be compared with those of an undisturbed start.
    """
    objects = objects_of(local)
    for each in objects["items"]:
        if each["kind"] == "Deployment":  # half seconds are refused by a real API server
            each["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]["periodSeconds"] = 1
    file = folder / "objects.json"
    file.write_text(json.dumps(objects), encoding="utf-8")
    volumes = [each["metadata"]["name"] for each in objects["items"] if each["kind"] == "PersistentVolume"]
    roll_out(local)
    for _ in range(DEPLOY_TRIES):
        side.run("delete", "namespace", NAMESPACE, "--wait", limit_s=TRIES_S)
        for name in volumes:
            side.run("delete", "persistentvolume", name)
        side.must("create", "-f", str(file))
        side.settle()
        roll_out(side)
        disturbed = side.disturbed()
        if not disturbed:
            return
    raise AssertionError(f"pods were restarted or failed to start in each of {DEPLOY_TRIES} tries: {disturbed}")


def _must(*argv: str | Path, given: str | None = None) -> None:
    done = _run(*argv, given=given)
    assert done.returncode == 0, f"{' '.join(map(str, argv))}: {done.stderr[-2000:]}"


def _run(*argv: str | Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, argv)), input=given, capture_output=True, text=True, timeout=TRIES_S, check=False
    )
