"""A real Loki on loopback for tests, and a collector that sends it the logs of a run's pods."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.http import call
from harness.machine.loopback import free_port
from harness.observability.program import Serving
from tests.support.loki import pushed

CONFIGURATION = """\
auth_enabled: false
server:
  http_listen_address: 127.0.0.1
  http_listen_port: {http}
  grpc_listen_address: 127.0.0.1
  grpc_listen_port: {grpc}
common:
  path_prefix: {folder}
  replication_factor: 1
  instance_addr: 127.0.0.1
  ring: {{instance_addr: 127.0.0.1, kvstore: {{store: inmemory}}}}
  storage: {{filesystem: {{chunks_directory: {folder}/chunks, rules_directory: {folder}/rules}}}}
schema_config:
  configs:
    - {{from: 2024-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {{prefix: index_, period: 24h}}}}
analytics: {{reporting_enabled: false}}
"""
PERIOD_S = 0.5


@contextmanager
def real_loki(folder: Path) -> Iterator[str]:
    """The URL of a real Loki with its data in `folder`; skips the test without the program."""
    program, port = shutil.which("loki"), free_port()
    if program is None:
        pytest.skip("no program `loki` on PATH; CONTRIBUTING.md says how to build it")
    configuration = folder / "loki.yaml"
    configuration.write_text(CONFIGURATION.format(folder=folder, http=port, grpc=free_port()), encoding="utf-8")
    url = f"http://127.0.0.1:{port}"
    serving = Serving([program, f"-config.file={configuration}"], folder, "loki.log", f"{url}/ready")
    try:
        yield url
    finally:
        serving.end()


@contextmanager
def collecting(run: Path, url: str) -> Iterator[None]:
    """Send what the pods of a run on the local platform write, twice a second, with labels for side, app and pod."""
    read: dict[Path, int] = {}
    stop = threading.Event()

    def collect() -> None:
        while not stop.wait(PERIOD_S):
            for path in run.glob("drills/*/*/platform/logs/*/*/*.log"):
                _send(path, run, read, url)

    thread = threading.Thread(target=collect, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _send(path: Path, run: Path, read: dict[Path, int], url: str) -> None:
    with path.open("rb") as file:
        file.seek(read.get(path, 0))
        text = file.read()
    whole = text.rfind(b"\n") + 1
    lines = text[:whole].decode(errors="replace").splitlines()
    if not lines:
        return
    _, _, side, _, _, app, pod, _ = path.relative_to(run).parts
    labels = {"side": side, "app": app, "pod": pod}
    if call("POST", f"{url}/loki/api/v1/push", pushed(labels, *lines, at_s=time.time()), timeout_s=10).status == 204:
        read[path] = read.get(path, 0) + whole
