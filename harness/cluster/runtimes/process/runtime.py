"""Runs pods as forked processes, each with a loopback address; they share their Service's by SO_REUSEPORT."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.cluster.container import Node, Reading
from harness.cluster.runtimes.process.execution import Command, Execution
from harness.cluster.runtimes.process.fork_server import ForkServer
from harness.cluster.state import Pod
from harness.http import call_async
from harness.machine.loopback import NODE, PORT, Subnet
from harness.machine.objects import environment
from harness.machine.process_ledger import Group, Ledger, end

NAME, IMAGE = "gameday-local", "gameday-fakes:local"
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


class ProcessRuntime:
    """Implements runtime.Runtime. `services`: address by Service name."""

    def __init__(
        self, subnet: Subnet, ledger: Ledger, fork_server: ForkServer, execution: Execution, services: Mapping[str, str]
    ) -> None:
        self.node = Node(NAME, subnet.address(NODE), IMAGE, "local processes", "process://1", digest=f"local://{IMAGE}")
        self._subnet, self._ledger, self._fork_server = subnet, ledger, fork_server
        self._execution, self._services = execution, services
        self._commands: dict[str, list[Group]] = {}

    def admit(self, pod: Pod) -> None:
        pod.ip = pod.address = self._subnet.reserve()
        pod.app.mkdir(parents=True)
        (pod.folder / "home").mkdir()

    async def launch(self, pod: Pod, log: Path) -> Forked:
        child = await self._fork_server.spawn(pod.owner.deployment.name, self._environment(pod), pod.app, log)
        return Forked(child.group, child.exited)

    async def serve(self, pod: Pod, serving: bool) -> bool:
        url = f"http://{pod.ip}:{self._subnet.admin_port}/serving"
        headers = {"Authorization": f"Bearer {pod.token}"}
        answer = await call_async("PUT", url, {"serving": serving}, headers, ADMIN_TIMEOUT_S)
        return answer.status == 200

    async def execute(self, pod: Pod, argv: Sequence[str], *, stdin: bytes | None, tty: bool) -> Command:
        container = pod.runs[-1].container
        assert isinstance(container, Forked)
        command = await self._execution.start(
            pod, container.group.pid, self._environment(pod), argv, stdin=stdin, tty=tty
        )
        self._commands.setdefault(pod.name, []).append(command.group)
        return command

    async def release(self, pod: Pod) -> None:
        if commands := self._commands.pop(pod.name, []):
            await asyncio.to_thread(end, commands, self._ledger.folder)
        self._subnet.release(pod.ip)

    async def readings(self, pods: Iterable[Pod]) -> Mapping[str, Reading]:
        found = {}
        for pod in pods:
            if pod.run is not None and isinstance(pod.run.container, Forked):
                with suppress(psutil.NoSuchProcess):
                    found[pod.name] = _reading(pod.run.container.group.pid)
        return found

    def _environment(self, pod: Pod) -> dict[str, str]:
        """The template's variables, and those that locate the pod (docs/reference/contracts.md)."""
        deployment = pod.owner.deployment.name
        return {
            "PATH": str(self._ledger.folder / "image" / "bin"),
            "HOME": str(pod.folder / "home"),
            "HOSTNAME": pod.name,
            "LANG": "C.UTF-8",
            **environment(pod.template),
            "POD_NAME": pod.name,
            "DEPLOYMENT": deployment,
            "NAMESPACE": pod.namespace,
            "POD_IP": pod.ip,
            "PORT": str(PORT),
            "SERVICE_IP": self._services[deployment],
            "ADMIN_PORT": str(self._subnet.admin_port),
            "ADMIN_TOKEN": pod.token,
            "APP_DIR": str(pod.app),
        }


def _reading(pid: int) -> Reading:
    process = psutil.Process(pid)
    times = process.cpu_times()
    return Reading(times.user + times.system, process.memory_info().rss)
