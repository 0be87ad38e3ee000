"""A Service's proxy as a process, for tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

TOKEN = {"Authorization": "Bearer a-token"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def process(**env: str) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-m", "fakes", "service-proxy"]
    given = {"PATH": os.environ["PATH"], "POD_IP": "127.0.0.1", **env}
    with subprocess.Popen(argv, env=given, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()
