"""The process of a platform: the small cluster and its control server in one event loop.

Started by a runtime's module (`python -m harness.cluster.runtimes.process.daemon --dir DIR`). Prints lines of JSON on
stdout: `{"socket": …}` when the control server listens, `{"error": …}` when the start fails, `{"ready": true}` when
every Deployment is ready. Ends when its stdin is closed, so with the process that started it, or on SIGTERM; with
`--detach` only on SIGTERM or the operation `down`.
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
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from harness.cluster import defaults, manifest
from harness.cluster.backend import Backend, Layout
from harness.cluster.cluster import ControlPlane
from harness.cluster.control_server import ControlServer
from harness.cluster.logs import last_lines
from harness.cluster.state import Deployment
from harness.cluster.static_objects import static_objects
from harness.errors import GamedayError, PlatformError
from harness.machine import process_ledger
from harness.machine.loopback import Subnet
from harness.machine.objects import Json, Obj, protections, section

log = logging.getLogger(__name__)
THREADS = 64
"""For blocking calls, among them the probes of all pods: pods that do not answer must not delay the others."""
MOST_BYTES = 60
"""Longest path of the folder for temporary files below which sockets can be: Linux allows 107 bytes for theirs."""


@dataclass(frozen=True)
class DaemonOptions:
    """Command line of a daemon; a runtime's own daemon adds its options."""

    dir: Path
    """The platform's folder."""
    detach: bool = False
    """Whether the platform outlives the process that started it."""
    env: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Environment variables by Deployment, which replace the manifest's."""
    manifests: Path | None = None
    """Folder of the manifests; None: the shipped ones."""


class NotStartedError(PlatformError):
    """A command of the user did not become a ready pod."""

    def __init__(self, deployment: str, why: str) -> None:
        super().__init__(why)
        self.deployment = deployment


def _folder_of_sockets() -> str | None:
    """`/tmp` where the folder for temporary files has a long path; None for that folder itself."""
    return "/tmp" if len(tempfile.gettempdir().encode()) > MOST_BYTES else None  # noqa: S108  mkdtemp draws a name


class Daemon:
    """One platform from start to end: `run` returns when everything has ended and was removed."""

    def __init__(self, options: DaemonOptions, make_backend: Callable[[Layout], Backend]) -> None:
        self._options = options
        self.folder = options.dir
        self._ended = asyncio.Event()
        self._manifest = manifest.read(options.manifests)
        self._ledger = process_ledger.Ledger(self.folder)
        self._ledger.started(os.getpid(), "daemon")
        self._subnet = Subnet({self._manifest.port(name) for name in self._manifest.services})
        self._runtime = Path(tempfile.mkdtemp(prefix="gameday-", dir=_folder_of_sockets()))
        (self.folder / "runtime").symlink_to(self._runtime)
        self._backend = make_backend(Layout(self._ledger, self._subnet, self._runtime, self._manifest))
        self.cluster = ControlPlane(self.folder, self._backend.runtime)

    def end(self) -> None:
        """Make `run` end everything and return."""
        self._ended.set()

    def address(self, service: str) -> str:
        """The address at which the harness reaches a Service."""
        return self._backend.address(service)

    @property
    def admin_port(self) -> int:
        """The port of every pod's admin endpoint."""
        return self._subnet.admin_port

    async def run(self) -> None:
        """Run the platform until `end`, a signal, the end of stdin, or a failure of a part."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(THREADS))
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
        """End the platform with an error message if a part has failed."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the platform ends", exc_info=error)
            what = str(error) if isinstance(error, GamedayError) else f"{type(error).__name__}: {error}"
            at: Obj = {"deployment": error.deployment} if isinstance(error, NotStartedError) else {}
            report({"error": what, **at})
            self._ended.set()

    async def _start(self) -> None:
        await self._backend.prepare()
        self._prepare_objects()
        self._deploy_what_can_start()
        with closing(ControlServer(self.cluster, self._answer)) as control:
            await control.listen(self._runtime / "control.sock")
            report({"socket": str(self._runtime / "control.sock")})
            await self._backend.start()
            while not (self._deploy_what_can_start() and self.cluster.settled()):
                self._check_commands()
                await self.cluster.changed(1.0)
            report({"ready": True})
            await self._backend.watch()

    def _prepare_objects(self) -> None:
        for name, declared in self._manifest.services.items():
            self.cluster.services[name] = defaults.service(declared, self._backend.cluster_ip(name))
        node, data_dir = self._backend.runtime.node, self._backend.data_dir
        self.cluster.static_objects = static_objects(self._manifest, node, data_dir)

    def _deploy_what_can_start(self) -> bool:
        """Deploy what needs nothing, or only what has a ready pod; returns whether everything is deployed."""
        deployed, declared = self.cluster.deployments, self._manifest.deployments
        ready = {name for name, each in deployed.items() if any(pod.ready for pod in each.pods)}
        for name in declared:
            if name not in deployed and ready.issuperset(self._manifest.names_in(manifest.NEEDS, name)):
                image = next(iter(self._backend.runtime.node.images))
                completed = defaults.deployment(declared[name], image, self._environment(name))
                deployed[name] = Deployment(completed)
                self.cluster.touch()
        return len(deployed) == len(declared)

    def _check_commands(self) -> None:
        """Raises NotStartedError when a command of the user did not start, or ended during the platform's start: it
        would do so again, and its back-off would hide why. A compose file may say that it has to be restarted."""
        for name in (*self._manifest.commanded, *self._manifest.composed):
            for pod in self.cluster.deployments[name].pods if name in self.cluster.deployments else ():
                if pod.ready:
                    continue
                run = next((run for run in pod.runs if run.ended_s is not None), None)
                if run and self._manifest.restart(name) in ("", "no"):
                    why = f"its command ended with status {run.exit_code} during the start"
                    raise NotStartedError(name, f"{why}; {last_lines(run.log)}")
                if pod.waiting_message and not pod.runs:
                    raise NotStartedError(name, pod.waiting_message)

    def _environment(self, deployment: str) -> dict[str, str]:
        hosts = {service: self._backend.host(service) for service in self._manifest.services}
        secrets = {(self._manifest.database_name, "url"): self._backend.database_url()}
        declared = defaults.environment(self._manifest.deployments[deployment], hosts, secrets)
        return {**declared, **self._options.env.get(deployment, {})}

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
                "addresses": {name: self._backend.address(name) for name in self.cluster.services},
                "cluster_ips": {name: self._backend.cluster_ip(name) for name in self.cluster.services},
                "fronts": self._fronts(),
                "settled": self.cluster.settled(),
            }
        return {"error": f"no such operation: {request['op']}"}

    def _fronts(self) -> Obj:
        found = ((name, self._backend.front(name)) for name in self.cluster.services)
        return {name: {"admin": front.url, "token": front.token} for name, front in found if front is not None}

    def _state(self, each: Deployment) -> Obj:
        pods: list[Json] = [
            {
                "name": pod.name,
                "ip": pod.address,
                "ready": pod.ready,
                "admin": f"http://{pod.address}:{self._subnet.admin_port}",
                "token": pod.token,
                "waiting": pod.waiting_message if pod.run is None else "",
                "unhealthy": pod.unhealthy,
            }
            for pod in each.pods
        ]
        return {
            "name": each.name,
            "replicas": each.replicas,
            "generation": each.generation,
            "env": dict(each.env),
            "protections": dict(protections(each.template)),
            **manifest.asked_at(each.template),
            "pods": pods,
        }

    async def _end(self) -> None:
        """End all parts and delete the runtime folder."""
        self.cluster.close()
        await self._backend.end()
        (self.folder / "runtime").unlink()
        shutil.rmtree(self._runtime)
        self._subnet.close()
        self._ledger.close()


def report(message: Obj) -> None:
    """Send a message to the process that started the daemon, which may no longer listen."""
    try:
        print(json.dumps(message), flush=True)  # noqa: T201
    except BrokenPipeError:
        log.debug("stdout is closed: %s", message)


def parser(module: str) -> argparse.ArgumentParser:
    """A parser of the options that every daemon has; a runtime's module adds its own."""
    made = argparse.ArgumentParser(prog=f"python -m {module}")
    made.add_argument("--dir", type=Path, required=True)
    made.add_argument("--detach", action="store_true")
    made.add_argument("--env", type=json.loads, default={}, help='JSON: {"DEPLOYMENT": {"NAME": "VALUE"}}')
    made.add_argument("--manifests", type=Path, help="folder of the manifests (default: the shipped ones)")
    return made


def serve(folder: Path, make: Callable[[], Daemon]) -> None:
    """Run a daemon to its end; logs go to `folder`/daemon.log."""
    logging.basicConfig(
        filename=folder / "daemon.log", format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO
    )
    _raise_file_limit()
    asyncio.run(_run(make))


async def _run(make: Callable[[], Daemon]) -> None:
    try:
        daemon = make()
    except GamedayError as error:
        report({"error": str(error)})
        return
    await daemon.run()


def _raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError):  # some systems refuse an unlimited hard limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
