"""What `deploy/` describes, rendered by kubectl's kustomize."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml

from harness.errors import MachineError
from harness.machine.objects import Obj, text
from harness.platforms.kubernetes.objects import name_of

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
TREATMENT, CONTROL = "treatment", "control"
FOLDERS = {TREATMENT: DEPLOY, CONTROL: DEPLOY / "control"}
NAMESPACES = {TREATMENT: "production", CONTROL: "production-control"}
METRICS = DEPLOY / "metrics-server"


def render(folder: Path) -> list[Obj]:
    """Every object of a kustomization; raises MachineError with kustomize's words."""
    if not folder.is_dir():
        raise MachineError(f"{folder}: no manifests there; run from a checkout of the project (pip install -e .)")
    try:
        done = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise MachineError("kubectl: not on PATH; install it (https://kubernetes.io/docs/tasks/tools/)") from None
    if done.returncode:
        raise MachineError(f"{folder}: kubectl kustomize failed: {done.stderr.strip()}")
    return [one for one in yaml.safe_load_all(done.stdout) if isinstance(one, dict)]


def deployments(side: str) -> dict[str, Obj]:
    """By name, as they are shipped."""
    return {name_of(one): one for one in render(FOLDERS[side]) if text(one, "kind") == "Deployment"}
