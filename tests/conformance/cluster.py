"""A real cluster for the conformance suite: one that is there already, or one that kind makes and that goes again.

`GAMEDAY_CONFORMANCE_KUBECONFIG` names a kubeconfig of a kind cluster that may be used up: its namespace `production` is
made anew. `GAMEDAY_NODE_IMAGE` and `GAMEDAY_BASE_IMAGE` are for machines that reach no image registry.
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
from tests.conformance.sides import NAMESPACE, Side, objects_of, real_side
from tests.support.paths import ROOT

NAME = "gameday-conformance"
IMAGE, BASE = "gameday-fakes:local", "gameday-fakes:conformance"
BY_NAME = f"""FROM {BASE}
ENTRYPOINT ["sh", "-c", "POD_NAME=$HOSTNAME exec python -m fakes ${{HOSTNAME%-*-*}}"]
"""
"""The image of every pod is the same on the local platform, so it is here: a pod's name says which service it runs."""
METRICS = ROOT / "deploy" / "metrics-server"
TRIES_S = 300


def kubectl() -> str | None:
    """A kubectl whose words are the ones that the front speaks; None where there is none."""
    minor = ".".join(SERVER_VERSION.split(".")[:2])
    for folder in os.environ["PATH"].split(os.pathsep):
        program = shutil.which("kubectl", path=folder)
        if program and f"Client Version: {minor}." in _run(program, "version", "--client").stdout:
            return program
    return None


def missing() -> str:
    """What this machine lacks for it; empty when nothing."""
    lacks = [name for name in ("docker", "kind") if shutil.which(name) is None]
    if kubectl() is None:
        lacks.append(f"kubectl {'.'.join(SERVER_VERSION.split('.')[:2])}")
    if lacks:
        return f"not on PATH: {', '.join(lacks)}"
    if _run("docker", "info").returncode:
        return "no Docker engine answers"
    needed = [ROOT / "Dockerfile", *([] if _given() else [METRICS])]
    return "; ".join(f"there is no {path}" for path in needed if not path.exists())


@contextmanager
def cluster(folder: Path) -> Iterator[Side]:
    """The real kubectl before a cluster with metrics and the image; what it made is gone afterwards."""
    given = _given()
    kubeconfig = Path(given) if given else folder / "kubeconfig"
    program = kubectl()
    assert program is not None
    try:
        if not given:
            image = os.environ.get("GAMEDAY_NODE_IMAGE")
            words = ["--image", image] if image else []
            _must("kind", "create", "cluster", "--name", NAME, "--kubeconfig", kubeconfig, "--wait", "180s", *words)
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
    """`kubectl top` has to work; only a cluster of our own is given what that takes."""
    if side.run("get", "apiservice", "v1beta1.metrics.k8s.io").status:
        side.must("apply", "-k", str(METRICS))
    side.must("wait", "--for=condition=Available", "--timeout=120s", "apiservice/v1beta1.metrics.k8s.io")


def deploy(side: Side, local: Side, folder: Path) -> None:
    """The objects that the local platform holds, in a namespace of nothing else."""
    side.run("delete", "namespace", NAMESPACE, "--wait", limit_s=TRIES_S)
    objects = objects_of(local)
    for each in objects["items"]:
        if each["kind"] == "PersistentVolume":
            side.run("delete", "persistentvolume", each["metadata"]["name"])
        if each["kind"] == "Deployment":  # half seconds are refused by a real API server
            each["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]["periodSeconds"] = 1
    file = folder / "objects.json"
    file.write_text(json.dumps(objects), encoding="utf-8")
    side.must("create", "-f", str(file))
    side.settle()


def _must(*words: str | Path, given: str | None = None) -> None:
    done = _run(*words, given=given)
    assert done.returncode == 0, f"{' '.join(map(str, words))}: {done.stderr[-2000:]}"


def _run(*words: str | Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, words)), input=given, capture_output=True, text=True, timeout=TRIES_S, check=False
    )
