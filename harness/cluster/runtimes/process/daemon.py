"""Daemon of a local platform: fork server, embedded PostgreSQL and forked pods below the small cluster."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from harness.cluster import daemon
from harness.cluster.backend import Layout
from harness.cluster.manifest import IMAGE_OF_COMMANDS, NAMESPACE, PROGRAMS
from harness.cluster.runtimes.process import adoption, postgres
from harness.cluster.runtimes.process.execution import Execution
from harness.cluster.runtimes.process.fork_server import ForkServer
from harness.cluster.runtimes.process.fronts import PROXY, Fronts
from harness.cluster.runtimes.process.pod_environment import PodEnvironment
from harness.cluster.runtimes.process.runtime import ProcessRuntime, Starters
from harness.cluster.runtimes.process.volumes import Volumes
from harness.machine import process_ledger
from harness.machine.loopback import DATABASE
from harness.machine.platform_state import AdminPort

IMAGE = "gameday-fakes:local"
POSTGRES_PORT = 5432
END_GRACE_S = 1.0


@dataclass(frozen=True)
class ProcessDaemonOptions(daemon.DaemonOptions):
    """Command line of a local platform's daemon."""

    fork_server: Sequence[str] = (sys.executable, "-m", "fakes.fork_server")
    """Command of the process that forks the pods (docs/reference/contracts.md)."""


class ProcessDaemon(daemon.Daemon):
    """One local platform from start to end."""

    def __init__(self, options: ProcessDaemonOptions) -> None:
        adoption.adopt()
        super().__init__(options, lambda layout: ProcessBackend(layout, options.fork_server))


class ProcessBackend:
    """Implements backend.Backend."""

    def __init__(self, layout: Layout, fork_server: Sequence[str]) -> None:
        self._layout, manifest = layout, layout.manifest
        only_proxies = manifest.commanded and len(manifest.commanded) == len(manifest.deployments)
        self._fork_server = ForkServer([*fork_server, *([PROXY] if only_proxies else [])], layout.ledger)
        subnet, self._addresses = layout.subnet, layout.service_addresses()
        ports = {name: manifest.port(name) for name in manifest.services}
        self._fronts = Fronts(manifest.commanded, self._addresses, ports, subnet.admin_port, layout.folder)
        environment = PodEnvironment(layout.folder, subnet, self._addresses, ports)
        volumes = Volumes(layout.folder)
        self._execution = Execution(layout.ledger, environment, volumes, NAMESPACE, layout.runtime)
        starters = Starters(self._fork_server, self._execution, environment, volumes)
        image = IMAGE_OF_COMMANDS if manifest.commanded else IMAGE
        self.runtime = ProcessRuntime(subnet, layout.ledger, starters, self._fronts.proxies, image)
        self._database = postgres.Database(layout.folder / "postgres", subnet.address(DATABASE), POSTGRES_PORT)
        self._postgres: postgres.Postgres | None = None
        self.data_dir = str(self._database.folder)

    async def prepare(self) -> None:
        self._starting = asyncio.create_task(self._start_processes())
        manifest = self._layout.manifest
        self._execution.install({name: manifest.names_in(PROGRAMS, name) for name in manifest.commanded})
        if manifest.database:
            (self._layout.folder / "image" / "bin" / "psql").symlink_to(postgres.binaries() / "psql")
            await asyncio.to_thread(postgres.prepare)

    async def _start_processes(self) -> None:
        await self._fork_server.start()
        await self._fronts.start(self._fork_server)

    async def start(self) -> None:
        if self._layout.manifest.database:
            self._postgres = await self._database.start(self._layout.ledger)
        await self._starting

    async def watch(self) -> None:
        """Raises PlatformError when a front ends. A fork server that dies is replaced at the next fork, and pods run
        without a database."""
        await self._fronts.watch()

    def address(self, service: str) -> str:
        return self._addresses[service]

    cluster_ip = host = address

    def front(self, service: str) -> AdminPort | None:
        """Only the Services whose pods run a command have one; the others' pods share their Service's address."""
        return self._fronts.admin(service)

    def database_url(self) -> str:
        return self._database.url if self._layout.manifest.database else ""

    async def end(self) -> None:
        """End all processes in the ledger: SIGTERM, a grace period, SIGKILL."""
        folder = self._layout.folder
        if self._postgres is not None:
            await self._postgres.stop()
        for grace_s in (END_GRACE_S, 0.0):  # the second pass finds what was being forked during the first
            groups = [group for group in process_ledger.recorded(folder) if group.pid != os.getpid()]
            await asyncio.to_thread(process_ledger.end, groups, folder, grace_s=grace_s)
        await asyncio.to_thread(adoption.end_descendants)
        shutil.rmtree(folder / "postgres", ignore_errors=True)


def main(argv: Sequence[str]) -> None:
    """Run the daemon to its end."""
    parser = daemon.parser(__spec__.name if __spec__ else __name__)
    parser.add_argument("--fork-server", type=json.loads, default=ProcessDaemonOptions.fork_server, help="JSON list")
    options = ProcessDaemonOptions(**vars(parser.parse_args(argv)))
    daemon.serve(options.dir, lambda: ProcessDaemon(options))


if __name__ == "__main__":
    main(sys.argv[1:])
