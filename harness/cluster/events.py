"""Kubernetes Events; a repeated event increases the count of the first."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from harness.machine.objects import Obj, clone, items, new_uid, number, section, text, timestamp

KEPT = 1000


class Events:
    """The newest KEPT events; `touch` is called after each."""

    def __init__(self, touch: Callable[[], None]) -> None:
        self._touch = touch
        self._events: dict[tuple[str, ...], Obj] = {}

    def record(self, about: Obj, kind: Literal["Normal", "Warning"], reason: str, message: str, source: str) -> None:
        """Record an event about an object with kind and metadata; `source` is the reporting component (kubelet …)."""
        meta = section(about, "metadata")
        key = (text(meta, "uid"), kind, reason, message, source)
        now = timestamp(time.time())
        event = self._events.pop(key, None) or self._new(about, kind, reason, message, source)
        self._events[key] = {**event, "count": int(number(event, "count")) + 1, "lastTimestamp": now}
        while len(self._events) > KEPT:
            del self._events[next(iter(self._events))]
        self._touch()

    def newest(self) -> list[Obj]:
        """Copies of all events, the most recent last."""
        return [clone(event) for event in self._events.values()]

    def _new(self, about: Obj, kind: str, reason: str, message: str, source: str) -> Obj:
        meta = section(about, "metadata")
        now = timestamp(time.time())
        namespace = text(meta, "namespace", default="default")
        node = text(about, "spec", "nodeName") if source == "kubelet" else ""
        containers = [f"spec.containers{{{text(each, 'name')}}}" for each in items(about, "spec", "containers")]
        where: Obj = {"fieldPath": containers[0]} if node and containers else {}
        host: Obj = {"host": node} if node else {}
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{text(meta, 'name')}.{time.time_ns():x}",
                "namespace": namespace,
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
