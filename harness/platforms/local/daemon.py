"""The process behind a local platform: API server, controllers and kubelet in one event loop.

`python -m harness.platforms.local.daemon --dir DIR` prints one JSON line `{"socket": …}` on stdout when its control
socket listens, `{"error": …}` when it cannot start, and `{"ready": true}` once every Deployment is ready. It ends with
its stdin (the lifeline to who started it), or on SIGTERM; with `--detach` on SIGTERM or the operation `down` only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import GamedayError
from harness.platforms.local import manifest, postgres, processes, tools
from harness.platforms.local.api import Json, Obj
from harness.platforms.local.cluster import LocalCluster
from harness.platforms.local.control import Control
from harness.platforms.local.execution import Execution
from harness.platforms.local.network import DATABASE, FIRST_SERVICE, NODE, PORT, Subnet
from harness.platforms.local.nursery import Nursery
from harness.platforms.local.objects import section
from harness.platforms.local.state import Deployment

log = logging.getLogger(__name__)
POSTGRES_PORT = 5432
END_S = 1.0


@dataclass(frozen=True)
class Options:
    """How a daemon is started; `env` overrides variables by Deployment."""

    dir: Path
    detach: bool = False
    env: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    nursery: Sequence[str] = (sys.executable, "-m", "fakes.nursery")


class Daemon:
    """One platform's life: `run` returns when it has ended and nothing of it is left."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.folder = options.dir
        self._ended = asyncio.Event()
        self._ledger = processes.Ledger(self.folder)
        self._ledger.started(os.getpid(), "daemon")
        self._subnet = Subnet()
        self._nursery = Nursery(options.nursery, self._ledger)
        self._runtime = Path(tempfile.mkdtemp(prefix="gameday-"))
        (self.folder / "runtime").symlink_to(self._runtime)
        self._addresses = {
            work.name: self._subnet.address(FIRST_SERVICE + index) for index, work in enumerate(manifest.WORKLOADS)
        }
        execution = Execution(self._subnet, self._ledger, self._addresses, manifest.NAMESPACE, self._runtime)
        self.cluster = LocalCluster(self.folder, self._subnet, self._ledger, self._nursery, execution)
        self._database = postgres.Database(self.folder / "postgres", self._subnet.address(DATABASE), POSTGRES_PORT)
        self._postgres: postgres.Postgres | None = None

    def end(self) -> None:
        """Have `run` end everything and return."""
        self._ended.set()

    def address(self, service: str) -> str:
        return self._addresses[service]

    @property
    def admin_port(self) -> int:
        """On every pod's address."""
        return self._subnet.admin_port

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ended.set)
        tasks = [asyncio.create_task(each) for each in (self._start(), self._lifeline(), self.cluster.tick())]
        for task in tasks:
            task.add_done_callback(self._check)
        try:
            await self._ended.wait()
        finally:
            for task in tasks:
                task.cancel()
            await self._end()

    def _check(self, task: asyncio.Task[None]) -> None:
        """A part that fails ends the platform, and says why."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the platform ends", exc_info=error)
            _tell({"error": str(error) if isinstance(error, GamedayError) else f"{type(error).__name__}: {error}"})
            self._ended.set()

    async def _start(self) -> None:
        nursery = asyncio.create_task(self._nursery.start())
        image = self.folder / "image" / "bin"
        tools.link(image, tools.POD.split())
        (image / "psql").symlink_to(postgres.binaries() / "psql")
        await asyncio.to_thread(postgres.prepare)
        self._deploy()
        control = Control(self.cluster, self._answer)
        await control.listen(self._runtime / "control.sock")
        _tell({"socket": str(self._runtime / "control.sock")})
        self._postgres = await self._database.start(self._ledger)
        await nursery
        while not self.cluster.settled():
            await self.cluster.changed(1.0)
        _tell({"ready": True})

    def _deploy(self) -> None:
        for name, address in self._addresses.items():
            self.cluster.services[name] = manifest.service(name, address)
        for work in manifest.WORKLOADS:
            calls = {name: f"http://{self._addresses[service]}:{PORT}" for name, service in work.calls.items()}
            database = {"DATABASE_URL": self._database.url} if work.database else {}
            env = {**work.env, **calls, **database, **self._options.env.get(work.name, {})}
            self.cluster.deployments[work.name] = Deployment(manifest.deployment(work, env))
        self.cluster.around = manifest.around(self._subnet.address(NODE), str(self._database.folder))
        self.cluster.touch()

    async def _lifeline(self) -> None:
        """Wait for the end of stdin."""
        if self._options.detach:
            return
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        await reader.read()
        self._ended.set()

    async def _answer(self, request: Obj) -> Json:
        if request["op"] == "down":
            self._ended.set()
            return {"down": True}
        if request["op"] == "state":
            return {
                "deployments": [self._state(each) for each in self.cluster.deployments.values()],
                "services": {name: section(one, "spec")["ports"] for name, one in self.cluster.services.items()},
                "addresses": dict(self._addresses),
                "settled": self.cluster.settled(),
            }
        return {"error": f"no such operation: {request['op']}"}

    def _state(self, each: Deployment) -> Obj:
        pods: list[Json] = [
            {
                "name": pod.name,
                "ip": pod.ip,
                "ready": pod.ready,
                "admin": f"http://{pod.ip}:{self._subnet.admin_port}",
                "token": pod.token,
                "waiting": pod.waiting_message,
            }
            for pod in each.pods
        ]
        return {
            "name": each.name,
            "replicas": each.replicas,
            "generation": each.generation,
            "env": dict(each.env),
            "pods": pods,
        }

    async def _end(self) -> None:
        """Everything ends, politely for a second, then for certain; by what the ledger says."""
        self.cluster.close()
        if self._postgres is not None:
            await self._postgres.stop()
        for grace_s in (END_S, 0.0):  # the second look finds what was being forked during the first
            groups = [group for group in processes.recorded(self.folder) if group.pid != os.getpid()]
            await asyncio.to_thread(processes.end, groups, self.folder, grace_s=grace_s)
        (self.folder / "runtime").unlink()
        shutil.rmtree(self._runtime)
        shutil.rmtree(self.folder / "postgres", ignore_errors=True)
        self._subnet.close()


def _tell(message: Obj) -> None:
    """To who started us; it may have stopped listening."""
    try:
        print(json.dumps(message), flush=True)  # noqa: T201
    except BrokenPipeError:
        log.debug("nobody listens: %s", message)


def _raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _options(argv: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="python -m harness.platforms.local.daemon")
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--detach", action="store_true")
    parser.add_argument("--env", type=json.loads, default={}, help='JSON: {"DEPLOYMENT": {"NAME": "VALUE"}}')
    parser.add_argument("--nursery", type=json.loads, default=Options.nursery, help="JSON list: the nursery's command")
    return Options(**vars(parser.parse_args(argv)))


async def _main(options: Options) -> None:
    try:
        daemon = Daemon(options)
    except GamedayError as error:
        _tell({"error": str(error)})
        return
    await daemon.run()


def main(argv: Sequence[str]) -> None:
    options = _options(argv)
    logging.basicConfig(
        filename=options.dir / "daemon.log", format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO
    )
    _raise_file_limit()
    asyncio.run(_main(options))


if __name__ == "__main__":
    main(sys.argv[1:])
