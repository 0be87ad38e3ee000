"""Runs a Job of the harness in a namespace."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from harness.errors import PlatformError
from harness.machine.objects import Obj
from harness.platforms.kubernetes.api import Api, Watch
from harness.platforms.kubernetes.objects import Pod
from harness.platforms.kubernetes.revert import RevertJournal

if TYPE_CHECKING:
    from harness.platforms.kubernetes.connection import Reply

START_LIMIT_S, LAST_LINES_S = 60.0, 5.0


class KubernetesJobs:
    """One Job of the harness. `forward` returns the loopback URL of a pod's port."""

    def __init__(self, api: Api, namespace: str, revert: RevertJournal, forward: Callable[[str, int], str]) -> None:
        self._api, self._namespace, self._revert, self._forward = api, namespace, revert, forward
        self._core, self._path = f"/api/v1/namespaces/{namespace}/pods", ""
        self._pods: dict[str, Pod] = {}
        self._changes = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._streams: list[Reply] = []

    def start(self, body: Mapping[str, object], count: int) -> Sequence[str]:
        """Create the Job (with its revert entry first) and wait until its `count` pods run; returns their names."""
        meta = body["metadata"]
        assert isinstance(meta, dict)
        name = str(meta["name"])
        place = f"/apis/batch/v1/namespaces/{self._namespace}/jobs"
        self._path = f"{place}/{name}"
        watch = Watch(self._api, self._core, lambda kind, pod: self._seen(name, kind, pod))
        self._revert.create_object(place, body, "load of the harness")
        watch.start()
        try:
            return self._await(name, count)
        finally:
            watch.stop()

    def _await(self, job: str, count: int) -> Sequence[str]:
        with self._changes:
            if not self._changes.wait_for(lambda: sum(pod.ran for pod in self._pods.values()) == count, START_LIMIT_S):
                reasons = "; ".join(f"{pod.name}: {pod.waiting}" for pod in self._pods.values()) or "it has no pods"
                fact = f"fewer than {count} pods are running after {START_LIMIT_S:g} s"
                raise PlatformError(f"job/{job}: {fact}: {reasons}")
            return sorted(self._pods)

    def _seen(self, job: str, kind: str, value: Obj) -> None:
        pod = Pod.parse(value)
        with self._changes:
            if pod.app == job and not pod.ending and kind != "DELETED":
                self._pods[pod.name] = pod
            else:
                self._pods.pop(pod.name, None)
            self._changes.notify_all()

    def follow(self, pod: str, on_line: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        """Call `on_line` with each line of the pod's output from the first, in a thread; then `on_end`."""
        stream = self._api.stream(f"{self._core}/{pod}/log", "follow=true&container=app")

        def read() -> None:
            with suppress(PlatformError):
                for line in stream.lines():
                    on_line(line)
            on_end()

        self._streams.append(stream)
        self._threads.append(threading.Thread(target=read, daemon=True, name=f"job {pod}"))
        self._threads[-1].start()

    def port(self, pod: str, port: int) -> str:
        """A URL on loopback that leads to a port of the pod."""
        return self._forward(pod, port)

    def stop(self) -> None:
        """Delete the Job and wait a few seconds for the last lines of its pods. Idempotent, never raises."""
        if self._path:
            with suppress(PlatformError):
                self._revert.delete_object(self._path)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=LAST_LINES_S)
        for stream in self._streams:
            stream.stop()
