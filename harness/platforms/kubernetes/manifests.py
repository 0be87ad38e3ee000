"""The Kubernetes objects of `deploy/`, rendered by `kubectl kustomize`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml

from harness import shipped
from harness.errors import MachineError
from harness.machine.objects import Obj

TREATMENT, CONTROL = "treatment", "control"
FOLDERS = {TREATMENT: shipped.path("deploy"), CONTROL: shipped.path("deploy/control")}
METRICS = shipped.path("deploy/metrics-server")


def render(folder: Path) -> list[Obj]:
    """Return every object of a kustomization. Raises MachineError with kustomize's message."""
    try:
        done = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise MachineError("kubectl: not on PATH; install it (https://kubernetes.io/docs/tasks/tools/)") from None
    if done.returncode:
        raise MachineError(f"{folder}: kubectl kustomize failed: {done.stderr.strip()}")
    return [one for one in yaml.safe_load_all(done.stdout) if isinstance(one, dict)]
