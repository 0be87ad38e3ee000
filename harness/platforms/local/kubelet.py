"""The node's agent: turns a Pod into a process, keeps it running, watches its health, ends it."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from harness.errors import PlatformError
from harness.platforms.local import views
from harness.platforms.local.events import Events
from harness.platforms.local.manifest import IMAGE, NODE_NAME
from harness.platforms.local.network import PORT, Subnet, call
from harness.platforms.local.nursery import Child, Nursery
from harness.platforms.local.objects import environment, text
from harness.platforms.local.probes import Probe, watch
from harness.platforms.local.processes import end
from harness.platforms.local.state import Pod, Run

FIRST_BACKOFF_S, LONGEST_BACKOFF_S, CALM_S = 1.0, 60.0, 600.0
ADMIN_TIMEOUT_S = 1.0


class Kubelet:
    """Runs pods. `touch` is called after every change of a pod's state; `service_ip` says where a pod serves."""

    def __init__(
        self, folder: Path, subnet: Subnet, nursery: Nursery, events: Events,
        touch: Callable[[], None], service_ip: Callable[[str], str],
    ) -> None:  # fmt: skip
        self._folder, self._subnet, self._nursery = folder, subnet, nursery
        self._events, self._touch, self._service_ip = events, touch, service_ip
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._leaving: dict[str, asyncio.Event] = {}

    def start(self, pod: Pod) -> None:
        """Begin to run a pod; it is run until `stop`."""
        pod.app.mkdir(parents=True)
        (pod.folder / "home").mkdir()
        pod.token = secrets.token_urlsafe(16)
        self.say(
            pod,
            "Normal",
            "Scheduled",
            f"Successfully assigned {pod.namespace}/{pod.name} to {NODE_NAME}",
            "default-scheduler",
        )
        self._leaving[pod.name] = asyncio.Event()
        self._tasks[pod.name] = asyncio.create_task(self._keep(pod), name=pod.name)

    async def stop(self, pod: Pod, grace_s: float) -> None:
        """Out of service, SIGTERM, `grace_s` seconds, SIGKILL to the group; returns when all its processes are gone."""
        keeper = self._tasks.pop(pod.name)
        self._leaving[pod.name].set()
        if (run := pod.run) is not None:
            self.say(pod, "Normal", "Killing", f"Stopping container {text(pod.container, 'name')}")
            await self._serve(pod, False)
            run.group.signal(signal.SIGTERM)
            await asyncio.wait([keeper], timeout=grace_s)
            run.group.signal(signal.SIGKILL)
        await asyncio.wait([keeper])
        del self._leaving[pod.name]
        if pod.commands:
            await asyncio.to_thread(end, pod.commands, self._folder)
        self._subnet.give_back(pod.ip)

    def close(self) -> None:
        """Look after no pod any more."""
        for keeper in self._tasks.values():
            keeper.cancel()

    def environment(self, pod: Pod) -> dict[str, str]:
        """What the pod's process is told: its template's variables and its place (docs/contracts.md)."""
        deployment = pod.owner.deployment.name
        return {
            "PATH": str(self._folder / "image" / "bin"),
            "HOME": str(pod.folder / "home"),
            "HOSTNAME": pod.name,
            "LANG": "C.UTF-8",
            **environment(pod.template),
            "POD_NAME": pod.name,
            "DEPLOYMENT": deployment,
            "NAMESPACE": pod.namespace,
            "POD_IP": pod.ip,
            "PORT": str(PORT),
            "SERVICE_IP": self._service_ip(deployment),
            "ADMIN_PORT": str(self._subnet.admin_port),
            "ADMIN_TOKEN": pod.token,
            "APP_DIR": str(pod.app),
        }

    async def _keep(self, pod: Pod) -> None:
        if not await self._image(pod):
            return
        backoff = FIRST_BACKOFF_S
        while pod.deleted_s is None:
            try:
                child = await self._launch(pod)
            except PlatformError as error:
                self.say(pod, "Warning", "Failed", f"Error: {error}")
                await self._back_off(pod, backoff, str(error))
                continue
            if pod.deleted_s is not None:
                child.group.signal(signal.SIGKILL)  # it was deleted while it was being forked
            killed = await self._attend(pod, child)
            if pod.deleted_s is not None or killed:
                continue
            run = pod.runs[-1]
            backoff = FIRST_BACKOFF_S if (run.ended_s or 0) - run.started_s > CALM_S else backoff
            await self._back_off(pod, backoff, f"back-off {backoff:g}s restarting failed container")
            backoff = min(backoff * 2, LONGEST_BACKOFF_S)

    async def _image(self, pod: Pod) -> bool:
        """Only one image exists here; any other is pulled in vain for as long as the pod lives."""
        image = text(pod.container, "image")
        if image == IMAGE:
            self.say(pod, "Normal", "Pulled", f'Container image "{image}" already present on machine')
            return True
        pod.waiting, pod.waiting_message = "ErrImagePull", f'image "{image}" does not exist on this platform'
        self.say(pod, "Normal", "Pulling", f'Pulling image "{image}"')
        while pod.deleted_s is None:
            self.say(pod, "Warning", "Failed", f'Failed to pull image "{image}": {pod.waiting_message}')
            await self._pause(pod, 1.0)
            pod.waiting, pod.waiting_message = "ImagePullBackOff", f'Back-off pulling image "{image}"'
            await self._pause(pod, 10.0)
        return False

    async def _launch(self, pod: Pod) -> Child:
        name = text(pod.container, "name")
        deployment, count = pod.owner.deployment.name, len(pod.runs)
        log = self._folder / "logs" / deployment / pod.name / f"{count}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.touch()
        child = await self._nursery.spawn(deployment, self.environment(pod), pod.app, log)
        pod.runs.append(Run(count, log, child.group, time.time()))
        self.say(pod, "Normal", "Created", f"Created container: {name}")
        self.say(pod, "Normal", "Started", f"Started container {name}")
        return child

    async def _attend(self, pod: Pod, child: Child) -> bool:
        """Probe a container until it ends; returns whether its liveness probe had it killed."""
        run, killed = pod.runs[-1], False

        async def live(healthy: bool) -> bool:
            nonlocal killed
            if not healthy:
                killed = True
                self.say(
                    pod,
                    "Normal",
                    "Killing",
                    f"Container {text(pod.container, 'name')} failed liveness probe, will be restarted",
                )
                asyncio.get_running_loop().call_later(pod.grace_s, run.group.signal, signal.SIGKILL)
                run.group.signal(signal.SIGTERM)
            return True

        async def ready(healthy: bool) -> bool:
            return await self._set_ready(pod, healthy)

        watches = [
            asyncio.create_task(watch(probe, pod.ip, tell, lambda why: self.say(pod, "Warning", "Unhealthy", why)))
            for probe, tell in (
                (Probe.read(pod.container, "Readiness"), ready),
                (Probe.read(pod.container, "Liveness"), live),
            )
            if probe is not None
        ]
        status = await child.exited
        run.group.signal(signal.SIGKILL)  # lost with its nursery, it may still be there and hold its address
        for each in watches:
            each.cancel()
        run.ended_s, run.exit_code = time.time(), status if status >= 0 else 128 - status
        self._mark(pod, False)
        return killed

    async def _set_ready(self, pod: Pod, ready: bool) -> bool:
        """Ready means serving: the pod is told first. Unready counts at once, whether or not the pod listens."""
        if not ready:
            self._mark(pod, False)
            await self._serve(pod, False)
            return True
        if pod.deleted_s is not None or not await self._serve(pod, True):
            return False
        self._mark(pod, True)
        return True

    async def _serve(self, pod: Pod, serving: bool) -> bool:
        body = json.dumps({"serving": serving})
        reply = await call(
            "PUT", pod.ip, self._subnet.admin_port, "/serving", body=body, token=pod.token, timeout_s=ADMIN_TIMEOUT_S
        )
        return reply.status == 200

    async def _back_off(self, pod: Pod, delay_s: float, message: str) -> None:
        pod.waiting, pod.waiting_message = "CrashLoopBackOff", message
        self.say(
            pod,
            "Warning",
            "BackOff",
            f"Back-off restarting failed container {text(pod.container, 'name')} in pod {pod.name}",
        )
        await self._pause(pod, delay_s)

    async def _pause(self, pod: Pod, delay_s: float) -> None:
        """Wait, but no longer than the pod is wanted."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._leaving[pod.name].wait(), delay_s)

    def _mark(self, pod: Pod, ready: bool) -> None:
        if pod.ready != ready:
            pod.ready, pod.ready_changed_s = ready, time.time()
        pod.version += 1
        self._touch()

    def say(self, pod: Pod, kind: str, reason: str, message: str, source: str = "kubelet") -> None:
        """An event about a pod; pods' states change where events are said, so watchers are woken."""
        self._events.record(views.pod(pod), "Warning" if kind == "Warning" else "Normal", reason, message, source)
