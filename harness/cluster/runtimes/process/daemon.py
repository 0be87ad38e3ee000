"""The daemon of a local platform: nursery, embedded PostgreSQL and forked pods below the control plane."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.cluster import daemon, manifest
from harness.cluster.daemon import Site
from harness.cluster.runtimes.process import postgres
from harness.cluster.runtimes.process.execution import POD, Execution
from harness.cluster.runtimes.process.fork_server import Nursery
from harness.cluster.runtimes.process.runtime import LocalRuntime
from harness.machine import operator_shell, process_ledger
from harness.machine.loopback import DATABASE, FIRST_SERVICE, PORT

POSTGRES_PORT = 5432
END_S = 1.0


@dataclass(frozen=True)
class Options(daemon.Options):
    """How a daemon is started; `nursery` is the command of the process that forks pods."""

    nursery: Sequence[str] = (sys.executable, "-m", "fakes.fork_server")


class Daemon(daemon.Daemon):
    """One local platform's life."""

    def __init__(self, options: Options) -> None:
        super().__init__(options, lambda site: LocalGround(site, options.nursery))


class LocalGround:
    """Implements daemon.Ground."""

    def __init__(self, site: Site, nursery: Sequence[str]) -> None:
        self._site = site
        self._nursery = Nursery(nursery, site.ledger)
        subnet = site.subnet
        self._addresses: Mapping[str, str] = {
            work.name: subnet.address(FIRST_SERVICE + index) for index, work in enumerate(manifest.WORKLOADS)
        }
        execution = Execution(subnet, site.ledger, self._addresses, manifest.NAMESPACE, site.runtime)
        self.runtime = LocalRuntime(subnet, site.ledger, self._nursery, execution, self._addresses)
        self._database = postgres.Database(site.folder / "postgres", subnet.address(DATABASE), POSTGRES_PORT)
        self._postgres: postgres.Postgres | None = None
        self.data_dir = str(self._database.folder)

    async def prepare(self) -> None:
        self._forking = asyncio.create_task(self._nursery.start())
        image = self._site.folder / "image" / "bin"
        operator_shell.link(image, POD.split())
        (image / "psql").symlink_to(postgres.binaries() / "psql")
        await asyncio.to_thread(postgres.prepare)

    async def start(self) -> None:
        self._postgres = await self._database.start(self._site.ledger)
        await self._forking

    async def watch(self) -> None:
        await (
            asyncio.Event().wait()
        )  # the nursery starts anew by itself; without a database rows are lost, not requests

    def address(self, service: str) -> str:
        return self._addresses[service]

    cluster_ip = address

    def url(self, service: str) -> str:
        return f"http://{self._addresses[service]}:{PORT}"

    def database_url(self) -> str:
        return self._database.url

    async def end(self) -> None:
        """Politely for a second, then for certain; by what the ledger says."""
        folder = self._site.folder
        if self._postgres is not None:
            await self._postgres.stop()
        for grace_s in (END_S, 0.0):  # the second look finds what was being forked during the first
            groups = [group for group in process_ledger.recorded(folder) if group.pid != os.getpid()]
            await asyncio.to_thread(process_ledger.end, groups, folder, grace_s=grace_s)
        shutil.rmtree(folder / "postgres", ignore_errors=True)


def main(argv: Sequence[str]) -> None:
    parser = daemon.parser(__spec__.name if __spec__ else __name__)
    parser.add_argument("--nursery", type=json.loads, default=Options.nursery, help="JSON list: the nursery's command")
    options = Options(**vars(parser.parse_args(argv)))
    daemon.serve(options.dir, lambda: Daemon(options))


if __name__ == "__main__":
    main(sys.argv[1:])
