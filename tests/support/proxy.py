"""Run a Service's proxy as a process, for tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

TOKEN = {"Authorization": "Bearer a-token"}


@contextmanager
def process(**env: str) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-m", "fakes", "service-proxy"]
    given = {"PATH": os.environ["PATH"], "POD_IP": "127.0.0.1", **env}
    with subprocess.Popen(argv, env=given, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()
