"""A Job of the harness in a namespace: started, followed, ended."""

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

RUNNING_S, LAST_WORDS_S = 60.0, 5.0


class KubernetesJobs:
    """One Job of the harness. `forward` returns the loopback URL of a pod's port."""

    def __init__(self, api: Api, namespace: str, revert: RevertJournal, forward: Callable[[str, int], str]) -> None:
        self._api, self._namespace, self._revert, self._forward = api, namespace, revert, forward
        self._core, self._path = f"/api/v1/namespaces/{namespace}/pods", ""
        self._pods: dict[str, Pod] = {}
        self._news = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._streams: list[Reply] = []

    def start(self, body: Mapping[str, object], count: int) -> Sequence[str]:
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
        with self._news:
            if not self._news.wait_for(lambda: sum(pod.ran for pod in self._pods.values()) == count, RUNNING_S):
                why = "; ".join(f"{pod.name}: {pod.waiting}" for pod in self._pods.values()) or "none is there"
                raise PlatformError(f"job/{job}: not {count} pods run after {RUNNING_S:g} s: {why}")
            return sorted(self._pods)

    def _seen(self, job: str, kind: str, value: Obj) -> None:
        pod = Pod.parse(value)
        with self._news:
            if pod.app == job and not pod.ending and kind != "DELETED":
                self._pods[pod.name] = pod
            else:
                self._pods.pop(pod.name, None)
            self._news.notify_all()

    def follow(self, pod: str, tell: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        stream = self._api.stream(f"{self._core}/{pod}/log", "follow=true&container=app")

        def read() -> None:
            with suppress(PlatformError):
                for line in stream.lines():
                    tell(line)
            ended()

        self._streams.append(stream)
        self._threads.append(threading.Thread(target=read, daemon=True, name=f"job {pod}"))
        self._threads[-1].start()

    def port(self, pod: str, port: int) -> str:
        return self._forward(pod, port)

    def stop(self) -> None:
        """SIGTERM to its pods, and a while for their last words; never raises."""
        if self._path:
            with suppress(PlatformError):
                self._revert.delete_object(self._path)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=LAST_WORDS_S)
        for stream in self._streams:
            stream.stop()
