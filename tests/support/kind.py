"""Support for tests on kind: its availability, the cluster's containers, a run's verdict."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from harness.platforms.kubernetes import kind

UP_S, DRILL_S = 400.0, 280.0


def missing() -> str:
    """What this machine lacks for a kind cluster; "" if nothing."""
    missing = [name for name in ("docker", "kind", "kubectl") if shutil.which(name) is None]
    if missing:
        return f"not on PATH: {', '.join(missing)}"
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        return "no container engine answers (`docker info`)"
    return f"a kind cluster {kind.name()} is there already" if kind.exists(kind.name()) else ""


def containers() -> list[str]:
    """Names of the cluster's containers, stopped ones included."""
    argv = ["docker", "ps", "-a", "--filter", f"label=io.x-k8s.kind.cluster={kind.name()}", "--format", "{{.Names}}"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()


def verdict(out: Path) -> str:
    """The verdict of a run's only drill."""
    (drill,) = json.loads((out / "result.json").read_text())["drills"]
    return str(drill["verdict"])
