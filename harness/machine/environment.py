"""The code and the machine of a run: git revision, processor, memory, versions."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from contextlib import suppress
from pathlib import Path

import psutil

from harness.record.events import EnvironmentFound

_CPUINFO = Path("/proc/cpuinfo")
_GIT_LIMIT_S = 5.0


def environment(folder: Path, cpuinfo: Path = _CPUINFO) -> EnvironmentFound:
    """What is known of this machine, and of the git repository that `folder` is in; without the run's settings."""
    revision = _git(folder, "rev-parse", "HEAD")
    return EnvironmentFound(
        revision=revision,
        dirty=bool(revision and _git(folder, "status", "--porcelain", "--untracked-files=no")),
        cpu=_cpu(cpuinfo),
        cores=len(os.sched_getaffinity(0)),
        memory_bytes=psutil.virtual_memory().total,
        python=platform.python_version(),
        kernel=f"{platform.system()} {platform.release()}",
    )


def _cpu(cpuinfo: Path) -> str:
    """The processor's model as Linux names it; its architecture where it has no name."""
    with suppress(OSError):
        found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(errors="replace"), re.MULTILINE)
        if found:
            return found[1].strip()
    return platform.machine()


def _git(folder: Path, *words: str) -> str:
    """The output of a git command, on one line; "" where it fails, is missing, or takes too long."""
    command = ["git", "-C", str(folder), "--no-optional-locks", *words]
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_GIT_LIMIT_S, check=False, stdin=subprocess.DEVNULL
        )
        return done.stdout.strip() if done.returncode == 0 else ""
    return ""
