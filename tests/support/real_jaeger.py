"""A real Jaeger on loopback for tests: the all-in-one program, which keeps its traces in memory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.machine.loopback import free_port
from harness.observability.program import Serving

PORTS = (
    "admin.http", "collector.grpc-server", "collector.http-server", "collector.otlp.grpc", "collector.otlp.http",
    "query.grpc-server", "query.http-server",
)  # fmt: skip


@dataclass(frozen=True)
class RealJaeger:
    """`url`: of its query API; `otlp`: of its collector."""

    url: str
    otlp: str


@contextmanager
def real_jaeger(folder: Path) -> Iterator[RealJaeger]:
    """A running Jaeger; skips the test without the program."""
    program = shutil.which("jaeger-all-in-one")
    if program is None:
        pytest.skip("no program `jaeger-all-in-one` on PATH; CONTRIBUTING.md says how to build it")
    places = {name: f"127.0.0.1:{free_port()}" for name in PORTS}
    command = [program, "--log-level=warn", *(f"--{name}.host-port={place}" for name, place in places.items())]
    serving = Serving(command, folder, "jaeger.log", f"http://{places['admin.http']}/")
    try:
        yield RealJaeger(f"http://{places['query.http-server']}", f"http://{places['collector.otlp.http']}")
    finally:
        serving.end()
