"""Runs pods as containers of one network, with a proxy for each Service.

The harness reaches a container by ports that are published on loopback. Every pod and Service has a loopback address of
its own, so the published ports are the same as the container's.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from harness.cluster.container import Node, Reading
from harness.cluster.runtimes.container import execution
from harness.cluster.runtimes.container.engine import ContainerSpec, Engine, Running
from harness.cluster.runtimes.container.options import ContainerOptions
from harness.cluster.service_proxies import ServiceProxies
from harness.cluster.state import Pod
from harness.machine import quantities
from harness.machine.loopback import NODE, PORT, Subnet
from harness.machine.objects import Obj, environment, items, section, text

T = TypeVar("T")
NAME = "gameday-docker"
SCHEME = "docker://"
THREADS = 32


def cpu_shares(cores: float) -> int:
    """Docker's CPU shares for a request, as the kubelet computes them: 1024 for each core, at least 2."""
    return max(2, round(1024 * cores))


def cpu_request(template: Obj) -> float | None:
    """Requested CPU cores of a pod template's container; None without a valid request."""
    (container,) = items(template, "spec", "containers")
    request = quantities.parse(section(container, "resources", "requests").get("cpu"))
    return None if request is None else float(request)


class Started:
    """A started container. Implements container.Container."""

    def __init__(self, running: Running, do: Callable[[Callable[[], object]], object]) -> None:
        self.running, self._do = running, do
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def id(self) -> str:
        return f"{SCHEME}{self.running.id}"

    def signal(self, number: signal.Signals) -> None:
        if not self.exited.done():
            with suppress(RuntimeError):  # the platform is ending and removes everything
                self._do(lambda: self.running.kill(number))

    def follow(self, log: Path) -> None:
        """Copy its output to `log` and resolve `exited` at its end, in a thread."""
        loop = self.exited.get_loop()

        def run() -> None:
            status = self.running.follow(log)
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._end, status)

        threading.Thread(target=run, name=f"log {self.running.id[:12]}", daemon=True).start()

    def _end(self, status: int) -> None:
        if not self.exited.done():
            self.exited.set_result(status)


class ContainerRuntime:
    """Implements runtime.Runtime. `options`: of the Deployments of a compose project."""

    def __init__(
        self,
        engine: Engine,
        subnet: Subnet,
        proxies: ServiceProxies,
        images: Sequence[str],
        options: Mapping[str, ContainerOptions],
    ) -> None:
        self._engine, self._subnet, self._proxies, self._options = engine, subnet, proxies, options
        found = {image: f"{SCHEME}{engine.image_id(image)}" for image in images}
        version = f"{SCHEME}{engine.version}"
        self.node = Node(NAME, subnet.address(NODE), found, "containers", version, forwarded=True)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="docker")

    async def blocking(self, work: Callable[[], T]) -> T:
        """Run a blocking call to the engine in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Accept no new calls and wait for the running ones. Blocks."""
        self._threads.shutdown(cancel_futures=True)

    def admit(self, pod: Pod) -> None:
        pod.address = self._subnet.reserve()

    async def launch(self, pod: Pod, log: Path) -> Started:
        started = await self.start(self._spec(pod), log)
        pod.ip = started.running.ip
        return started

    async def start(self, spec: ContainerSpec, log: Path) -> Started:
        """Start a container, wait until it is ready, and copy its output to `log`. Raises PlatformError."""
        started = Started(await self.blocking(lambda: self._engine.start(spec)), self._threads.submit)
        started.follow(log)
        return started

    def _spec(self, pod: Pod) -> ContainerSpec:
        limits = section(pod.container, "resources", "limits")
        request, limit = cpu_request(pod.template), quantities.parse(limits.get("cpu"))
        memory_bytes = quantities.parse(limits.get("memory"))
        spec = self._composed if pod.owner.deployment.name in self._options else self._shipped
        return replace(
            spec(pod),
            cpu_shares=None if request is None else cpu_shares(request),
            nano_cpus=None if limit is None else round(limit * 10**9),
            memory_bytes=None if memory_bytes is None else round(memory_bytes),
        )

    def _shipped(self, pod: Pod) -> ContainerSpec:
        """One of the shipped services, chosen by the Deployment's name."""
        return ContainerSpec(
            part=f"pod {pod.name}",
            image=text(pod.container, "image"),
            command=[pod.owner.deployment.name],
            env=self._environment(pod),
            hostname=pod.name,
            publish=[(pod.address, PORT), (pod.address, self._subnet.admin_port)],
        )

    def _composed(self, pod: Pod) -> ContainerSpec:
        """A service of a compose project: what compose would start, by the id that its image had at the start."""
        options = self._options[pod.owner.deployment.name]
        direct = () if options.port else (pod.owner.deployment.name, *options.aliases)
        return ContainerSpec(
            part=f"pod {pod.name}",
            image=self.node.images[text(pod.container, "image")].removeprefix(SCHEME),
            entrypoint=pod.command or None,
            command=pod.arguments,
            working_dir=text(pod.container, "workingDir") or None,
            env=environment(pod.template),
            hostname=options.hostname or pod.name,
            aliases=direct,
            publish=[(pod.address, options.port)] if options.port else [],
            options=options,
        )

    def _environment(self, pod: Pod) -> Mapping[str, str]:
        """The pod's variables (docs/reference/contracts.md); the image sets the address to listen on and `/app`."""
        return {
            "LANG": "C.UTF-8",
            **environment(pod.template),
            "POD_NAME": pod.name,
            "DEPLOYMENT": pod.owner.deployment.name,
            "NAMESPACE": pod.namespace,
            "ADMIN_PORT": str(self._subnet.admin_port),
            "ADMIN_TOKEN": pod.token,
        }

    async def serve(self, pod: Pod, serving: bool) -> bool:
        if not self._proxies.has(pod.owner.deployment.name):
            return True
        return await self._proxies.set_endpoint(pod.owner.deployment.name, pod.name, pod.ip if serving else None)

    async def execute(self, pod: Pod, argv: Sequence[str], *, stdin: bytes | None, tty: bool) -> execution.Command:
        assert pod.run is not None
        container = pod.run.container.id.removeprefix(SCHEME)
        return await execution.start(self._engine.client.api, container, argv, stdin=stdin, tty=tty)

    async def release(self, pod: Pod) -> None:
        await self.serve(pod, False)
        self._subnet.release(pod.address)

    async def readings(self, pods: Iterable[Pod]) -> Mapping[str, Reading]:
        running = {pod.name: pod.run.container for pod in pods if pod.run is not None}
        asked = [
            self.blocking(container.running.reading) for container in running.values() if isinstance(container, Started)
        ]
        found = zip(running, await asyncio.gather(*asked), strict=True)
        return {name: reading for name, reading in found if reading is not None}
