"""Starts a proxy, ours or toxiproxy, in front of a server, and applies a fault to it.

toxiproxy is built by `go install github.com/Shopify/toxiproxy/v2/cmd/server@latest`, which names its program `server`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path

import psutil

from benchmarks.parts.processes import ROOT, Child, RunError
from harness.http import call

INSTALL = "go install github.com/Shopify/toxiproxy/v2/cmd/server@latest"
START_S = 20.0
HOST = "127.0.0.1"


def find_toxiproxy() -> str | None:
    """Return the path of toxiproxy's server, on PATH or where `go install` puts it; None without one."""
    in_go = Path(os.environ.get("GOBIN") or Path(os.environ.get("GOPATH") or Path.home() / "go") / "bin") / "server"
    return shutil.which("toxiproxy-server") or (str(in_go) if in_go.exists() else None)


class Proxy(ABC):
    """A proxy that forwards to a port on loopback; as a context manager it ends its process."""

    def __init__(self, upstream: int, folder: Path) -> None:
        self.port, self._admin, self._upstream = _free_port(), _free_port(), upstream
        self._child = Child(self.command(), folder, self.environment())

    def __enter__(self) -> Proxy:
        self._child.__enter__()
        deadline_s = time.monotonic() + START_S
        while not self.begin():
            if time.monotonic() > deadline_s:
                raise RunError(f"the proxy does not answer: {self._child.output_end()}")
            time.sleep(0.05)
        return self

    def __exit__(self, *error: object) -> None:
        self._child.__exit__(None, None, None)

    @property
    def url(self) -> str:
        """The URL at which the load reaches the server through the proxy."""
        return f"http://{HOST}:{self.port}"

    def cpu_s(self) -> float:
        """Return the processor time of the proxy so far."""
        times = psutil.Process(self._child.process.pid).cpu_times()
        return float(times.user + times.system)

    def ask(self, method: str, path: str, body: object, token: str = "") -> bool:
        """Send a request to the admin port; return whether it succeeded."""
        headers = {"Authorization": f"Bearer {token}"} if token else None
        return call(method, f"http://{HOST}:{self._admin}{path}", body, headers).status in (200, 201, 204)

    @abstractmethod
    def command(self) -> list[str]: ...

    def environment(self) -> dict[str, str]:
        """Variables of the process."""
        return {}

    @abstractmethod
    def begin(self) -> bool:
        """Begin to forward; return whether the proxy does."""
        ...

    @abstractmethod
    def delay(self, delay_ms: float) -> bool:
        """Delay what the server sends from now on; return whether the proxy accepted that."""
        ...


class Ours(Proxy):
    """The proxy in front of a Service, `python -m fakes service-proxy`."""

    def __init__(self, upstream: int, folder: Path) -> None:
        self._token = secrets.token_hex(8)
        super().__init__(upstream, folder)

    def command(self) -> list[str]:
        return [sys.executable, "-m", "fakes", "service-proxy"]

    def environment(self) -> dict[str, str]:
        admin = {"ADMIN_PORT": str(self._admin), "ADMIN_TOKEN": self._token}
        return {"POD_IP": HOST, "PORT": str(self.port), "PYTHONPATH": str(ROOT), **admin}

    def begin(self) -> bool:
        return self.ask("PUT", "/endpoints", {"endpoints": [f"{HOST}:{self._upstream}"]}, self._token)

    def delay(self, delay_ms: float) -> bool:
        fault = {"name": "latency", "max_duration_s": 600, "delay_ms": delay_ms}
        return self.ask("POST", "/faults", fault, self._token)


class Toxiproxy(Proxy):
    """Shopify's toxiproxy, with its toxic `latency`."""

    def command(self) -> list[str]:
        return [find_toxiproxy() or "toxiproxy-server", "-host", HOST, "-port", str(self._admin)]

    def environment(self) -> dict[str, str]:
        return {"LOG_LEVEL": "error"}

    def begin(self) -> bool:
        proxy = {"name": "bench", "listen": f"{HOST}:{self.port}", "upstream": f"{HOST}:{self._upstream}"}
        return self.ask("POST", "/proxies", {**proxy, "enabled": True})

    def delay(self, delay_ms: float) -> bool:
        toxic = {"name": "slow", "type": "latency", "stream": "downstream", "attributes": {"latency": round(delay_ms)}}
        return self.ask("POST", "/proxies/bench/toxics", toxic)


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        return int(server.getsockname()[1])
