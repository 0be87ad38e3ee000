"""The machine on which a benchmark runs; every benchmark prints it first, as figures depend on it."""

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
    """The machine at the start of the benchmark; `load_1min` is its load average over the last minute."""

    cpu: str
    cores: int
    """Processors that this process may use; in a container these can be fewer than the machine has."""
    system: str
    python: str
    versions: Mapping[str, str]
    load_1min: float

    @property
    def busy(self) -> bool:
        """Whether other processes were running, which distorts the figures."""
        return self.load_1min > self.cores / 2

    def to_json(self) -> dict[str, object]:
        """Return the machine as JSON."""
        return {**asdict(self), "busy": self.busy}


def this_machine(packages: Sequence[str] = (), cpuinfo: Path = CPUINFO, load_1min: float | None = None) -> Machine:
    """Return this machine, with the versions of the project and of `packages`; tests pass `load_1min`."""
    return Machine(
        cpu=_cpu(cpuinfo),
        cores=len(os.sched_getaffinity(0)),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        versions={name: _version(name) for name in (PROJECT, *packages)},
        load_1min=round(os.getloadavg()[0] if load_1min is None else load_1min, 2),
    )


def lines(machine: Machine) -> str:
    """Return the two or three lines to print before the figures."""
    versions = " · ".join(f"{name} {number}" for name, number in machine.versions.items())
    cores = "1 core" if machine.cores == 1 else f"{machine.cores} cores"
    text = f"machine   {machine.cpu}, {cores}; {machine.system}; load before {machine.load_1min:.2f}\n"
    text += f"versions  {machine.python} · {versions}\n"
    return text + ("note      other processes were running, which distorts the figures\n" if machine.busy else "")


def _cpu(cpuinfo: Path) -> str:
    """Return the processor's name; x86 has `model name`, other architectures may have numbers only."""
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
    sys.stdout.write(lines(this_machine()))
