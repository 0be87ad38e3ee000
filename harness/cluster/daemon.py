"""The process behind a platform of our own: API server, controllers and kubelet in one event loop.

A member's module runs it (`python -m harness.cluster.runtimes.process.daemon --dir DIR`). It prints one JSON line
`{"socket": …}` on stdout when its control socket listens, `{"error": …}` when it cannot start, and `{"ready": true}`
once every Deployment is ready. It ends with its stdin (the lifeline to who started it), or on SIGTERM; with `--detach`
on SIGTERM or the operation `down` only.
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
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.cluster import manifest
from harness.cluster.cluster import ControlPlane
from harness.cluster.control_server import Control
from harness.cluster.runtime import Runtime
from harness.cluster.state import Deployment
from harness.errors import GamedayError
from harness.machine import process_ledger
from harness.machine.loopback import Subnet
from harness.machine.objects import Json, Obj, section

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """How a daemon is started; `env` overrides variables by Deployment."""

    dir: Path
    detach: bool = False
    env: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """Where a platform is built: its folder with the ledger, its loopback subnet, a short folder for sockets."""

    ledger: process_ledger.Ledger
    subnet: Subnet
    runtime: Path

    @property
    def folder(self) -> Path:
        return self.ledger.folder


class Ground(Protocol):
    """What a platform stands on: the runtime of its pods, and everything that must be there around them."""

    @property
    def runtime(self) -> Runtime: ...

    @property
    def data_dir(self) -> str:
        """Where the database keeps its files."""
        ...

    async def prepare(self) -> None:
        """Everything that must be there before the first pod is described."""
        ...

    async def start(self) -> None:
        """What may come up beside the pods; returns when it is up."""
        ...

    async def watch(self) -> None:
        """Raises PlatformError once something is gone that no kubelet brings back; until then it does not return."""
        ...

    def address(self, service: str) -> str:
        """Where the harness reaches a Service."""
        ...

    def cluster_ip(self, service: str) -> str:
        """The Service's address inside, after `prepare`."""
        ...

    def url(self, service: str) -> str:
        """`http://HOST:PORT` of a Service, as pods reach it, after `prepare`."""
        ...

    def database_url(self) -> str: ...

    async def end(self) -> None:
        """Nothing is left of it; called whatever was reached before."""
        ...


class Daemon:
    """One platform's life: `run` returns when it has ended and nothing of it is left."""

    def __init__(self, options: Options, make_ground: Callable[[Site], Ground]) -> None:
        self._options = options
        self.folder = options.dir
        self._ended = asyncio.Event()
        ledger = process_ledger.Ledger(self.folder)
        ledger.started(os.getpid(), "daemon")
        self._subnet = Subnet()
        self._runtime = Path(tempfile.mkdtemp(prefix="gameday-"))
        (self.folder / "runtime").symlink_to(self._runtime)
        self._ground = make_ground(Site(ledger, self._subnet, self._runtime))
        self.cluster = ControlPlane(self.folder, self._ground.runtime)

    def end(self) -> None:
        """Have `run` end everything and return."""
        self._ended.set()

    def address(self, service: str) -> str:
        return self._ground.address(service)

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
            tell({"error": str(error) if isinstance(error, GamedayError) else f"{type(error).__name__}: {error}"})
            self._ended.set()

    async def _start(self) -> None:
        await self._ground.prepare()
        self._deploy()
        control = Control(self.cluster, self._answer)
        await control.listen(self._runtime / "control.sock")
        tell({"socket": str(self._runtime / "control.sock")})
        await self._ground.start()
        while not self.cluster.settled():
            await self.cluster.changed(1.0)
        tell({"ready": True})
        await self._ground.watch()

    def _deploy(self) -> None:
        node = self._ground.runtime.node
        for work in manifest.WORKLOADS:
            self.cluster.services[work.name] = manifest.service(work.name, self._ground.cluster_ip(work.name))
            calls = {name: self._ground.url(service) for name, service in work.calls.items()}
            database = {"DATABASE_URL": self._ground.database_url()} if work.database else {}
            env = {**work.env, **calls, **database, **self._options.env.get(work.name, {})}
            self.cluster.deployments[work.name] = Deployment(manifest.deployment(work, node.image, env))
        self.cluster.around = manifest.around(node, self._ground.data_dir)
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
                "addresses": {name: self._ground.address(name) for name in self.cluster.services},
                "settled": self.cluster.settled(),
            }
        return {"error": f"no such operation: {request['op']}"}

    def _state(self, each: Deployment) -> Obj:
        pods: list[Json] = [
            {
                "name": pod.name,
                "ip": pod.address,
                "ready": pod.ready,
                "admin": f"http://{pod.address}:{self._subnet.admin_port}",
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
        """Everything ends, politely for a second, then for certain."""
        self.cluster.close()
        await self._ground.end()
        (self.folder / "runtime").unlink()
        shutil.rmtree(self._runtime)
        self._subnet.close()


def tell(message: Obj) -> None:
    """To who started us; it may have stopped listening."""
    try:
        print(json.dumps(message), flush=True)  # noqa: T201
    except BrokenPipeError:
        log.debug("nobody listens: %s", message)


def parser(module: str) -> argparse.ArgumentParser:
    """The options that every daemon takes; a member adds its own."""
    made = argparse.ArgumentParser(prog=f"python -m {module}")
    made.add_argument("--dir", type=Path, required=True)
    made.add_argument("--detach", action="store_true")
    made.add_argument("--env", type=json.loads, default={}, help='JSON: {"DEPLOYMENT": {"NAME": "VALUE"}}')
    return made


def serve(folder: Path, make: Callable[[], Daemon]) -> None:
    """Run a daemon to its end in this process."""
    logging.basicConfig(
        filename=folder / "daemon.log", format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO
    )
    _raise_file_limit()
    asyncio.run(_run(make))


async def _run(make: Callable[[], Daemon]) -> None:
    try:
        daemon = make()
    except GamedayError as error:
        tell({"error": str(error)})
        return
    await daemon.run()


def _raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError):  # an unlimited hard limit is refused by some systems: then it stays as it was
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
