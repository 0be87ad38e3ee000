"""Runs pods as processes, each with a loopback address: forked from the services' image, or commands of the user.

Forked pods share their Service's address by SO_REUSEPORT; the Services of commands have proxies."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.cluster.container import Container, Node, Reading
from harness.cluster.runtimes.process import command
from harness.cluster.runtimes.process.command import CommandProcess
from harness.cluster.runtimes.process.execution import Command, Execution
from harness.cluster.runtimes.process.fork_server import ForkServer
from harness.cluster.runtimes.process.pod_environment import PodEnvironment
from harness.cluster.runtimes.process.volumes import Volumes
from harness.cluster.service_proxies import ServiceProxies
from harness.cluster.state import Pod
from harness.http import call_async
from harness.machine.loopback import NODE, Subnet
from harness.machine.objects import text
from harness.machine.process_ledger import Group, Ledger, end

NAME = "gameday-local"
ADMIN_TIMEOUT_S = 1.0


@dataclass(frozen=True)
class Forked:
    """A forked pod process. Implements container.Container."""

    group: Group
    exited: asyncio.Future[int]

    @property
    def id(self) -> str:
        return f"process://{self.group.pid}"

    def signal(self, number: signal.Signals) -> None:
        self.group.signal(number)


@dataclass(frozen=True)
class Starters:
    """What starts the processes of pods, and the commands in them."""

    fork_server: ForkServer
    execution: Execution
    environment: PodEnvironment
    volumes: Volumes


class ProcessRuntime:
    """Implements runtime.Runtime. `image`: that of every pod. `proxies`: of the Services whose pods run a command."""

    def __init__(self, subnet: Subnet, ledger: Ledger, starters: Starters, proxies: ServiceProxies, image: str) -> None:
        images = {image: f"local://{image}"}
        self.node = Node(NAME, subnet.address(NODE), images, "local processes", "process://1")
        self._subnet, self._ledger, self._starters, self._proxies = subnet, ledger, starters, proxies
        self._commands: dict[str, list[Group]] = {}

    def admit(self, pod: Pod) -> None:
        pod.ip = pod.address = self._subnet.reserve()
        pod.app.mkdir(parents=True)
        (pod.folder / "home").mkdir()

    async def launch(self, pod: Pod, log: Path) -> Container:
        env = self._starters.environment.of(pod)
        if argv := pod.command:
            cwd = Path(text(pod.container, "workingDir"))
            argv = [*await asyncio.to_thread(self._starters.volumes.entering, pod), *argv]
            return command.start(argv, env, cwd, log, self._ledger, f"pod {pod.name}")
        child = await self._starters.fork_server.spawn(pod.owner.deployment.name, env, pod.app, log)
        return Forked(child.group, child.exited)

    async def serve(self, pod: Pod, serving: bool) -> bool:
        if pod.command:
            return await self._proxies.set_endpoint(pod.owner.deployment.name, pod.name, pod.ip if serving else None)
        url = f"http://{pod.ip}:{self._subnet.admin_port}/serving"
        headers = {"Authorization": f"Bearer {pod.token}"}
        answer = await call_async("PUT", url, {"serving": serving}, headers, ADMIN_TIMEOUT_S)
        return answer.status == 200

    async def execute(self, pod: Pod, argv: Sequence[str], *, stdin: bytes | None, tty: bool) -> Command:
        container = pod.runs[-1].container
        assert isinstance(container, Forked | CommandProcess)
        started = await self._starters.execution.start(pod, container.group.pid, argv, stdin=stdin, tty=tty)
        self._commands.setdefault(pod.name, []).append(started.group)
        return started

    async def release(self, pod: Pod) -> None:
        if commands := self._commands.pop(pod.name, []):
            await asyncio.to_thread(end, commands, self._ledger.folder)
        self._starters.volumes.release(pod)
        self._subnet.release(pod.ip)

    async def readings(self, pods: Iterable[Pod]) -> Mapping[str, Reading]:
        found = {}
        for pod in pods:
            if pod.run is not None and isinstance(pod.run.container, Forked | CommandProcess):
                with suppress(psutil.NoSuchProcess):
                    found[pod.name] = _reading(pod.run.container.group.pid, bool(pod.command))
        return found


def _reading(pid: int, whole: bool) -> Reading:
    """Of a process; `whole`: and of everything that it has started."""
    first = psutil.Process(pid)
    cpu_s, memory_bytes = _used(first)
    for started in _started_by(pid) if whole else ():
        with suppress(psutil.NoSuchProcess):
            own_s, own_bytes = _used(psutil.Process(started))
            cpu_s, memory_bytes = cpu_s + own_s, memory_bytes + own_bytes
    return Reading(cpu_s, memory_bytes)


def _used(process: psutil.Process) -> tuple[float, int]:
    times = process.cpu_times()
    return times.user + times.system, process.memory_info().rss


def _started_by(pid: int) -> Iterator[int]:
    """The descendants of a process, from the kernel's own lists: psutil reads every process of the machine for that."""
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                yield child
                yield from _started_by(child)
