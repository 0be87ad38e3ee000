"""Watches a namespace: its pods, their logs and the events."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from harness.machine.objects import Obj, section, text
from harness.platforms.kubernetes.api import Api, Watch
from harness.platforms.kubernetes.logs import Logs
from harness.platforms.kubernetes.objects import Pod

EVENTS = "events.jsonl"


class Watching:
    """Active from `start` to `stop`. Calls `changed` after every change of a pod, `deleted` with a deleted pod's name.

    Only the logs of the pods of `drill` are written; events are appended to `folder` as JSON lines.
    """

    def __init__(
        self, api: Api, namespace: str, folder: Path, apps: Collection[str], drill: str,
        changed: Callable[[], None], deleted: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._folder, self._apps, self._drill = folder, apps, drill
        self._changed, self._deleted = changed, deleted
        self.logs = Logs(api, namespace, folder / "logs")
        self._pods: dict[str, Pod] = {}
        self._changes = threading.Condition()
        self._ended = False
        place = f"/api/v1/namespaces/{namespace}"
        self._watches = [Watch(api, f"{place}/pods", self._pod), Watch(api, f"{place}/events", self._event)]

    def start(self) -> None:
        """Begin to watch."""
        self._events = (self._folder / EVENTS).open("a", encoding="utf-8")
        self._since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        for each in self._watches:
            each.start()

    def stop(self) -> None:
        """End the watch and every `wait_for`. Idempotent, valid before `start`."""
        with self._changes:
            self._ended = True
            self._changes.notify_all()
        for each in self._watches:
            each.stop()
        self.logs.stop()

    def pods(self) -> Sequence[Pod]:
        """All existing pods, terminating ones included."""
        with self._changes:
            return list(self._pods.values())

    def wait_for(self, fact: Callable[[Sequence[Pod]], bool], limit_s: float) -> bool:
        """Wait until `fact` is true of the pods, or for `stop`; returns False after `limit_s`."""
        with self._changes:
            return self._changes.wait_for(lambda: self._ended or fact(list(self._pods.values())), limit_s)

    def _pod(self, kind: str, value: Obj) -> None:
        pod = Pod.parse(value)
        with self._changes:
            if kind == "RESET":
                self._pods.clear()
            elif pod.app in self._apps:
                self._pods[pod.name] = pod
            if kind == "DELETED":
                self._pods.pop(pod.name, None)
            self._changes.notify_all()
        if kind == "DELETED":
            self._deleted(pod.name)
        elif pod.app in self._apps and pod.drill == self._drill:
            self.logs.follow(pod)
        self._changed()

    def _event(self, kind: str, event: Obj) -> None:
        if kind in ("ADDED", "MODIFIED") and text(event, "metadata", "creationTimestamp") >= self._since:
            kept: Mapping[str, object] = {**event, "metadata": {**section(event, "metadata"), "managedFields": None}}
            self._events.write(json.dumps(kept) + "\n")
            self._events.flush()
