"""Writes the logs of pods to files: each container's output from its start to its end."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import PlatformError
from harness.platforms.kubernetes.api import Api
from harness.platforms.kubernetes.objects import Pod

if TYPE_CHECKING:
    from harness.platforms.kubernetes.connection import Reply

ATTEMPTS = 5


class Logs:
    """`folder`/APP/POD/N.log is the log of the N-th start of a pod's container. Thread-safe."""

    def __init__(self, api: Api, namespace: str, folder: Path) -> None:
        self._api, self._namespace, self._folder = api, namespace, folder
        self._followers: dict[Path, _Follower] = {}
        self._lock = threading.Lock()
        self._stopped = False

    def files(self, app: str) -> Sequence[Path]:
        """The log files of an app, oldest first."""
        with self._lock:
            return [path for path in self._followers if path.parent.parent.name == app and path.exists()]

    def follow(self, pod: Pod) -> None:
        """Copy the log of the pod's current container from its beginning; once for each start."""
        path = self._folder / pod.app / pod.name / f"{pod.restarts}.log"
        with self._lock:
            if self._stopped or path in self._followers or not pod.ran:
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            place = f"/api/v1/namespaces/{self._namespace}/pods/{pod.name}/log"
            follower = self._followers[path] = _Follower(self._api, place, pod.container, path)
        follower.start()

    def stop(self) -> None:
        """End the copying; the files stay."""
        with self._lock:
            self._stopped = True
            followers = list(self._followers.values())
        for each in followers:
            each.stop()


class _Follower(threading.Thread):
    def __init__(self, api: Api, place: str, container: str, path: Path) -> None:
        super().__init__(daemon=True, name=f"log {path.parent.name}")
        self._api, self._place, self._container, self._path = api, place, container, path
        self._stream: Reply | None = None
        self._stopping = threading.Event()

    def run(self) -> None:
        for _ in range(ATTEMPTS):  # a broken stream is opened again, and what was already copied is skipped
            with suppress(PlatformError):
                self._copy()
                return
            if self._stopping.wait(0.2):
                return

    def _copy(self) -> None:
        self._stream = self._api.stream(self._place, f"follow=true&container={self._container}")
        if self._stopping.is_set():
            self._stream.stop()
        with self._path.open("ab") as file:
            known = file.tell()
            for chunk in self._stream.chunks():
                new = chunk[min(known, len(chunk)) :]
                known -= len(chunk) - len(new)
                file.write(new)
                file.flush()

    def stop(self) -> None:
        self._stopping.set()
        if self._stream:
            self._stream.stop()
        if self.is_alive():
            self.join(timeout=2.0)
