"""Events as `kubectl get events` and `describe` show them: the same thing said again raises a count."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from harness.machine.objects import Obj, clone, items, new_uid, number, section, text, timestamp

KEPT = 1000


class Events:
    """The newest thousand events; `touch` is called on each."""

    def __init__(self, touch: Callable[[], None]) -> None:
        self._touch = touch
        self._events: dict[tuple[str, ...], Obj] = {}

    def record(self, about: Obj, kind: Literal["Normal", "Warning"], reason: str, message: str, source: str) -> None:
        """`about` is any object with kind and metadata; `source` the component that says so (kubelet…)."""
        meta = section(about, "metadata")
        key = (text(meta, "uid"), kind, reason, message, source)
        now = timestamp(time.time())
        seen = self._events.pop(key, None) or self._new(about, kind, reason, message, source)
        self._events[key] = {**seen, "count": int(number(seen, "count")) + 1, "lastTimestamp": now}
        while len(self._events) > KEPT:
            del self._events[next(iter(self._events))]
        self._touch()

    def newest(self) -> list[Obj]:
        """Copies, the most recently seen last."""
        return [clone(event) for event in self._events.values()]

    def _new(self, about: Obj, kind: str, reason: str, message: str, source: str) -> Obj:
        meta = section(about, "metadata")
        now = timestamp(time.time())
        place = text(meta, "namespace", default="default")
        node = text(about, "spec", "nodeName") if source == "kubelet" else ""
        containers = [f"spec.containers{{{text(each, 'name')}}}" for each in items(about, "spec", "containers")]
        where: Obj = {"fieldPath": containers[0]} if node and containers else {}
        host: Obj = {"host": node} if node else {}
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{text(meta, 'name')}.{time.time_ns():x}",
                "namespace": place,
                "uid": new_uid(),
                "creationTimestamp": now,
                "resourceVersion": "1",
            },
            "involvedObject": {
                "apiVersion": about.get("apiVersion"),
                "kind": about.get("kind"),
                "name": meta.get("name"),
                "namespace": meta.get("namespace"),
                "uid": meta.get("uid"),
                **where,
            },
            "type": kind,
            "reason": reason,
            "message": message,
            "source": {"component": source, **host},
            "reportingComponent": source,
            "reportingInstance": node,
            "eventTime": None,
            "firstTimestamp": now,
            "count": 0,
        }
