"""The kubelet: starts the container of a pod, restarts it when it ends, probes it, and terminates it."""

from __future__ import annotations

import asyncio
import secrets
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from harness.cluster import serializers
from harness.cluster.container import Container
from harness.cluster.events import Events
from harness.cluster.probes import NO_PROBE, Probe, Probed, watch
from harness.cluster.runtime import Runtime
from harness.cluster.state import Pod, Run
from harness.errors import PlatformError
from harness.machine.objects import section, strings, text

FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 1.0, 60.0
NO_NODE = (
    "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 nodes are available:"
    " 1 Preemption is not helpful for scheduling."
)
RESET_BACKOFF_S = 600.0
"""A container that ran for so long is restarted without a longer back-off."""


class Kubelet:
    """Runs pods. `touch` is called after every change of a pod's state; `node_labels` returns those of the node."""

    def __init__(
        self,
        folder: Path,
        runtime: Runtime,
        events: Events,
        touch: Callable[[], None],
        node_labels: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._folder, self._runtime, self._events, self._touch = folder, runtime, events, touch
        self._node_labels = node_labels
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._deleted: dict[str, asyncio.Event] = {}

    def start(self, pod: Pod) -> None:
        """Begin to run a pod, until `stop`."""
        self._runtime.admit(pod)
        pod.token = secrets.token_urlsafe(16)
        self._schedule(pod)
        self._deleted[pod.name] = asyncio.Event()
        self._tasks[pod.name] = asyncio.create_task(self._supervise(pod), name=pod.name)

    def _schedule(self, pod: Pod) -> None:
        """Give the pod the node, unless that lacks a label that it asks for."""
        wanted = strings(section(pod.template, "spec", "nodeSelector")).items()
        if wanted <= self._node_labels().items():
            pod.unscheduled = ""
            done = f"Successfully assigned {pod.namespace}/{pod.name} to {self._runtime.node.name}"
            self.record(pod, "Normal", "Scheduled", done, "default-scheduler")
        elif not pod.unscheduled:
            pod.unscheduled = pod.waiting_message = NO_NODE
            self.record(pod, "Warning", "FailedScheduling", NO_NODE, "default-scheduler")

    async def stop(self, pod: Pod, grace_s: float) -> None:
        """Take the pod out of service, send SIGTERM, and SIGKILL after `grace_s`; returns when it has ended."""
        supervisor = self._tasks.pop(pod.name)
        self._deleted[pod.name].set()
        if (run := pod.run) is not None:
            self.record(pod, "Normal", "Killing", f"Stopping container {text(pod.container, 'name')}")
            await self._runtime.serve(pod, False)
            run.container.signal(signal.SIGTERM)
            await asyncio.wait([supervisor], timeout=grace_s)
            run.container.signal(signal.SIGKILL)
        await asyncio.wait([supervisor])
        del self._deleted[pod.name]
        await self._runtime.release(pod)

    def _probed(self, pod: Pod) -> Probed:
        execute = partial(self._runtime.execute, pod, stdin=None, tty=False)
        return Probed(pod.address, execute, self._runtime.node.forwarded)

    def close(self) -> None:
        """End the supervision of all pods."""
        for supervisor in self._tasks.values():
            supervisor.cancel()

    async def _supervise(self, pod: Pod) -> None:
        while pod.unscheduled and pod.deleted_s is None:
            await self._pause(pod, 1.0)
            self._schedule(pod)
        if pod.deleted_s is not None or not await self._image(pod):
            return
        backoff = FIRST_BACKOFF_S
        while pod.deleted_s is None:
            try:
                container = await self._launch(pod)
            except PlatformError as error:
                self.record(pod, "Warning", "Failed", f"Error: {error}")
                await self._back_off(pod, backoff, str(error))
                continue
            if pod.deleted_s is not None:
                container.signal(signal.SIGKILL)  # deleted during its start
            killed = await self._probe_until_end(pod, container)
            if pod.deleted_s is not None or killed:
                continue
            run = pod.runs[-1]
            backoff = FIRST_BACKOFF_S if (run.ended_s or 0) - run.started_s > RESET_BACKOFF_S else backoff
            await self._back_off(pod, backoff, f"back-off {backoff:g}s restarting failed container")
            backoff = min(backoff * 2, LONGEST_BACKOFF_S)

    async def _image(self, pod: Pod) -> bool:
        """Wait for the pod's image; the pull of one that the node does not have fails until the pod is deleted."""
        image = text(pod.container, "image")
        if image in self._runtime.node.images:
            self.record(
                pod,
                "Normal",
                "Pulled",
                f'Container image "{image}" already present on machine and can be accessed by the pod',
            )
            return True
        pod.waiting, pod.waiting_message = "ErrImagePull", f'image "{image}" does not exist on this platform'
        self.record(pod, "Normal", "Pulling", f'Pulling image "{image}"')
        while pod.deleted_s is None:
            self.record(pod, "Warning", "Failed", f'Failed to pull image "{image}": {pod.waiting_message}')
            await self._pause(pod, 1.0)
            pod.waiting, pod.waiting_message = "ImagePullBackOff", f'Back-off pulling image "{image}"'
            await self._pause(pod, 10.0)
        return False

    async def _launch(self, pod: Pod) -> Container:
        deployment, count = pod.owner.deployment.name, len(pod.runs)
        log = self._folder / "logs" / deployment / pod.name / f"{count}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.touch()
        container = await self._runtime.launch(pod, log)
        pod.runs.append(Run(count, log, container, time.time()))
        self.record(pod, "Normal", "Created", "Container created")
        self.record(pod, "Normal", "Started", "Container started")
        return container

    async def _probe_until_end(self, pod: Pod, container: Container) -> bool:
        """Probe a container until it ends; returns whether its liveness probe made the kubelet kill it."""
        run, killed = pod.runs[-1], False

        async def live(healthy: bool) -> bool:
            nonlocal killed
            if not healthy:
                killed = True
                self.record(
                    pod,
                    "Normal",
                    "Killing",
                    f"Container {text(pod.container, 'name')} failed liveness probe, will be restarted",
                )
                asyncio.get_running_loop().call_later(pod.grace_s, container.signal, signal.SIGKILL)
                container.signal(signal.SIGTERM)
            return True

        def asked(why: str, counts: bool) -> None:
            if why and counts:
                self.record(pod, "Warning", "Unhealthy", why)

        def asked_readiness(why: str, counts: bool) -> None:
            pod.unhealthy = why
            asked(why, counts)

        async def ready(healthy: bool) -> bool:
            return await self._set_ready(pod, healthy)

        probed = self._probed(pod)
        watches = [
            asyncio.create_task(watch(probe, probed, on_change, on_answer))
            for probe, on_change, on_answer in (
                (Probe.read(pod.container, "Readiness") or NO_PROBE, ready, asked_readiness),
                (Probe.read(pod.container, "Liveness"), live, asked),
            )
            if probe is not None
        ]
        status = await container.exited
        container.signal(signal.SIGKILL)  # after a crash of the fork server it may still run and use its address
        for each in watches:
            each.cancel()
        run.ended_s, run.exit_code = time.time(), status if status >= 0 else 128 - status
        self._mark(pod, False)
        return killed

    async def _set_ready(self, pod: Pod, ready: bool) -> bool:
        """A pod becomes ready once its Service uses it, and unready at once, even if it does not react."""
        if not ready:
            self._mark(pod, False)
            await self._runtime.serve(pod, False)
            return True
        if pod.deleted_s is not None or not await self._runtime.serve(pod, True):
            return False
        self._mark(pod, True)
        return True

    async def _back_off(self, pod: Pod, delay_s: float, message: str) -> None:
        pod.waiting, pod.waiting_message = "CrashLoopBackOff", message
        self.record(
            pod,
            "Warning",
            "BackOff",
            f"Back-off restarting failed container {text(pod.container, 'name')} in pod {pod.name}",
        )
        await self._pause(pod, delay_s)

    async def _pause(self, pod: Pod, delay_s: float) -> None:
        """Wait until the time has passed or the pod is deleted."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._deleted[pod.name].wait(), delay_s)

    def _mark(self, pod: Pod, ready: bool) -> None:
        if pod.ready != ready:
            pod.ready, pod.ready_changed_s = ready, time.time()
        pod.version += 1
        self._touch()

    def record(self, pod: Pod, kind: str, reason: str, message: str, source: str = "kubelet") -> None:
        """Record an event about a pod; this also wakes those who wait for changes."""
        self._events.record(
            serializers.pod(pod, self._runtime.node),
            "Warning" if kind == "Warning" else "Normal",
            reason,
            message,
            source,
        )
