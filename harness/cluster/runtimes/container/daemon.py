"""Daemon of a docker platform: pods, Service proxies and database as containers below the small cluster."""

from __future__ import annotations

import asyncio
import logging
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from testcontainers.core.wait_strategies import ExecWaitStrategy, LogMessageWaitStrategy

from harness.cluster import daemon
from harness.cluster.backend import Layout
from harness.cluster.manifest import NAMESPACE, template
from harness.cluster.runtimes.container import options as container_options
from harness.cluster.runtimes.container.engine import ContainerSpec, Engine, remove
from harness.cluster.runtimes.container.ledger import new_token
from harness.cluster.runtimes.container.runtime import (
    ContainerRuntime,
    Started,
    cpu_request,
    cpu_shares,
)
from harness.cluster.service_proxies import ServiceProxies
from harness.errors import GamedayError, PlatformError
from harness.machine.operator_shell import names_of
from harness.machine.platform_state import AdminPort

log = logging.getLogger(__name__)
PROXY_LIMIT_S, DATABASE_LIMIT_S = 20, 60
SERVICES = "services"


@dataclass(frozen=True)
class ContainerDaemonOptions(daemon.DaemonOptions):
    """Command line of a docker platform's daemon; the images exist in the engine."""

    image: str = ""
    postgres_image: str = ""
    proxy_image: str = ""


class ContainerBackend:
    """Implements backend.Backend."""

    data_dir = "/var/lib/postgresql/data"

    def __init__(self, layout: Layout, options: ContainerDaemonOptions) -> None:
        self._layout, self._options = layout, options
        self._token, self._password = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        self._addresses: Mapping[str, str] = layout.service_addresses()
        self._platform = new_token(layout.folder)
        self._engine = Engine(self._platform, layout.folder)
        self._ports = {name: layout.manifest.port(name) for name in self._addresses}
        self._containers = container_options.read(options.manifests)
        endpoints = ServiceProxies(self._addresses, self._ports, layout.subnet.admin_port, self._token)
        images = layout.manifest.images or (options.image,)
        self.runtime = ContainerRuntime(self._engine, layout.subnet, endpoints, images, self._containers)
        self._proxies: dict[str, Started] = {}
        self._database: asyncio.Task[Started] | None = None

    async def prepare(self) -> None:
        (self._layout.folder / SERVICES).mkdir()
        volumes = {each.source for one in self._containers.values() for each in one.mounts if not each.bind}
        await self.runtime.blocking(lambda: self._engine.open(sorted(volumes - {""})))
        if self._layout.manifest.database:
            self._database = asyncio.create_task(self._start_database())
        proxies = await asyncio.gather(*map(self._start_proxy, self._addresses))
        self._proxies = dict(zip(self._addresses, proxies, strict=True))

    async def start(self) -> None:
        if self._database is not None:
            await self._database

    async def watch(self) -> None:
        """Raises PlatformError when a proxy ends: a Service without its proxy would look like an incident."""
        if not self._proxies:
            await asyncio.Event().wait()
        ends = {proxy.exited: name for name, proxy in self._proxies.items()}
        (ended, *_), _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        name = ends[ended]
        log_file = self._layout.folder / SERVICES / f"{name}.log"
        raise PlatformError(f"docker: the proxy of service {name} ended with status {ended.result()}; see {log_file}")

    async def _start_proxy(self, service: str) -> Started:
        address, port, admin_port = self._addresses[service], self._ports[service], self._layout.subnet.admin_port
        more = self._containers[service].aliases if service in self._containers else ()
        spec = ContainerSpec(
            part=f"service {service}",
            image=self._options.proxy_image,
            command=["service-proxy"],
            env={"PORT": str(port), "ADMIN_PORT": str(admin_port), "ADMIN_TOKEN": self._token},
            aliases=[*names_of(service, NAMESPACE), *more],
            publish=[(address, port), (address, admin_port)],
            ready=LogMessageWaitStrategy("started").with_startup_timeout(PROXY_LIMIT_S).with_poll_interval(0.05),
        )
        return await self.runtime.start(spec, self._layout.folder / SERVICES / f"{service}.log")

    async def _start_database(self) -> Started:
        """Ready when it answers by TCP: while the official image creates its files it listens on a unix socket only."""
        ask = ["psql", "-h", "127.0.0.1", "-U", "postgres", "-c", "SELECT 1"]
        spec = ContainerSpec(
            part="database",
            image=self._options.postgres_image,
            env={"POSTGRES_PASSWORD": self._password, "PGPASSWORD": self._password},
            aliases=[self._layout.manifest.database_name],
            cpu_shares=self._database_shares(),  # the database competes as a pod does; the proxies do not
            ready=ExecWaitStrategy(ask).with_startup_timeout(DATABASE_LIMIT_S).with_poll_interval(0.5),
        )
        return await self.runtime.start(spec, self._layout.folder / "postgres.log")

    def _database_shares(self) -> int | None:
        request = cpu_request(template(self._layout.manifest.database))
        return None if request is None else cpu_shares(request)

    def address(self, service: str) -> str:
        return self._addresses[service]

    def cluster_ip(self, service: str) -> str:
        return self._proxies[service].running.ip

    def host(self, service: str) -> str:
        return service

    def front(self, service: str) -> AdminPort:
        url = f"http://{self._addresses[service]}:{self._layout.subnet.admin_port}"
        return AdminPort(f"the proxy of {service}", url, self._token)

    def database_url(self) -> str:
        if not self._layout.manifest.database:
            return ""
        return f"postgresql://postgres:{self._password}@{self._layout.manifest.database_name}:5432/postgres"

    async def end(self) -> None:
        """Wait for running calls, then remove everything with the platform's token."""
        await asyncio.to_thread(self.runtime.close)
        try:
            await asyncio.to_thread(remove, [self._platform])
        except GamedayError as error:  # the engine does not answer: the token stays in the ledger
            log.error("left behind: %s", error)


def main(argv: Sequence[str]) -> None:
    """Run the daemon to its end."""
    parser = daemon.parser("harness.cluster.runtimes.container.daemon")
    parser.add_argument("--image", required=True)
    parser.add_argument("--postgres-image", default="")
    parser.add_argument("--proxy-image", required=True)
    options = ContainerDaemonOptions(**vars(parser.parse_args(argv)))
    daemon.serve(options.dir, lambda: daemon.Daemon(options, lambda layout: ContainerBackend(layout, options)))


if __name__ == "__main__":
    main(sys.argv[1:])
