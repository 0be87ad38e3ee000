"""On what a benchmark ran: figures without it mean nothing. Every benchmark prints it first."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
PROJECT = "runbook-gameday"


@dataclass(frozen=True)
class Machine:
    """The machine as it was when the benchmark began; `load_1min` is the average of processes that ran or waited to."""

    cpu: str
    cores: int
    """Processors that this process may use, which a container can have fewer of than its machine."""
    system: str
    python: str
    versions: Mapping[str, str]
    load_1min: float

    @property
    def busy(self) -> bool:
        """Did something else run? Then the figures say as much about that."""
        return self.load_1min > self.cores / 2

    def to_json(self) -> dict[str, object]:
        """For `--json`."""
        return {**asdict(self), "busy": self.busy}


def look(packages: Sequence[str] = (), cpuinfo: Path = CPUINFO, load_1min: float | None = None) -> Machine:
    """What runs here, with the versions of these packages beside the project's; `load_1min` for tests."""
    return Machine(
        cpu=_cpu(cpuinfo),
        cores=len(os.sched_getaffinity(0)),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        versions={name: _version(name) for name in (PROJECT, *packages)},
        load_1min=round(os.getloadavg()[0] if load_1min is None else load_1min, 2),
    )


def lines(machine: Machine) -> str:
    """Two or three lines to print before the figures."""
    versions = " · ".join(f"{name} {number}" for name, number in machine.versions.items())
    cores = "1 core" if machine.cores == 1 else f"{machine.cores} cores"
    said = f"machine   {machine.cpu}, {cores}; {machine.system}; load before {machine.load_1min:.2f}\n"
    said += f"versions  {machine.python} · {versions}\n"
    return said + ("note      something else was running: take the figures with care\n" if machine.busy else "")


def _cpu(cpuinfo: Path) -> str:
    """x86 says `model name`; other architectures may say nothing but numbers."""
    try:
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in ("model name", "Model", "cpu model"):
                return " ".join(value.split())
    except OSError:
        pass
    return platform.processor() or f"unknown {platform.machine()}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


if __name__ == "__main__":
    sys.stdout.write(lines(look()))
