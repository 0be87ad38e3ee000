"""The fronts of the Services whose pods run a command: one service proxy each, forked by the fork server."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.cluster.runtimes.process.fork_server import Child, ForkServer
from harness.cluster.service_proxies import ServiceProxies
from harness.errors import PlatformError
from harness.machine.platform_state import AdminPort

PROXY = "service-proxy"
"""Its name as a service of the fork server (docs/reference/contracts.md)."""
FOLDER = "services"
"""The folder of their logs, in the platform's."""


class Fronts:
    """Starts the proxy of each Service in `names`. `addresses` and `ports`: of the Services, by name."""

    def __init__(
        self,
        names: Sequence[str],
        addresses: Mapping[str, str],
        ports: Mapping[str, int],
        admin_port: int,
        folder: Path,
    ) -> None:
        self._addresses, self._ports, self.admin_port, self.token = addresses, ports, admin_port, secrets.token_hex(16)
        self._folder = folder / FOLDER
        self._running: dict[str, Child] = {}
        self.names = tuple(names)
        self.proxies = ServiceProxies({name: addresses[name] for name in names}, ports, admin_port, self.token)

    def admin(self, service: str) -> AdminPort | None:
        """The admin port of a Service's proxy; None if it has none."""
        if service not in self.names:
            return None
        return AdminPort(f"the proxy of {service}", f"http://{self._addresses[service]}:{self.admin_port}", self.token)

    async def start(self, fork_server: ForkServer) -> None:
        """Start all of them; each answers a moment later. Raises PlatformError."""
        if self.names:
            self._folder.mkdir(exist_ok=True)
        children = await asyncio.gather(*(self._start(name, fork_server) for name in self.names))
        self._running = dict(zip(self.names, children, strict=True))

    async def _start(self, name: str, fork_server: ForkServer) -> Child:
        env = {
            "LANG": "C.UTF-8",
            "POD_NAME": f"{PROXY}-{name}",
            "POD_IP": self._addresses[name],
            "PORT": str(self._ports[name]),
            "ADMIN_PORT": str(self.admin_port),
            "ADMIN_TOKEN": self.token,
        }
        return await fork_server.spawn(PROXY, env, self._folder, self._folder / f"{name}.log")

    async def watch(self) -> None:
        """Raises PlatformError when a proxy ends: a Service without it would look like an incident."""
        if not self._running:
            await asyncio.Event().wait()
        ends = {child.exited: name for name, child in self._running.items()}
        (ended, *_), _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        name = ends[ended]
        log = self._folder / f"{name}.log"
        raise PlatformError(f"local: the proxy of service {name} ended with status {ended.result()}; see {log}")
