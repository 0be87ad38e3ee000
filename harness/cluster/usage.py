"""Measures the CPU and memory usage of pods and node."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from harness.cluster.api import Usage
from harness.cluster.container import Reading

WINDOW_S = 1.5


@dataclass
class _Mark:
    """CPU seconds used until `at_s`, a monotonic time."""

    at_s: float
    cpu_s: float


class Meter:
    """Usage averaged over at least WINDOW_S; call `sample` about once a second."""

    def __init__(self) -> None:
        self.pods: dict[str, Usage] = {}
        self.node: Usage | None = None
        self._marks: dict[str, _Mark] = {}
        self._node_mark = _Mark(time.monotonic(), _busy_s())

    def sample(self, readings: Mapping[str, Reading]) -> None:
        """Take the readings of all running pods, by name."""
        now = time.monotonic()
        for name in self._marks.keys() - readings.keys():
            del self._marks[name]
            self.pods.pop(name, None)
        for name, reading in readings.items():
            self._pod(name, reading, now)
        if now - self._node_mark.at_s >= WINDOW_S:
            memory = psutil.virtual_memory()
            fresh = _Mark(now, _busy_s())
            self.node = Usage(_millicores(self._node_mark, fresh), memory.total - memory.available)
            self._node_mark = fresh

    def _pod(self, name: str, reading: Reading, now: float) -> None:
        fresh = _Mark(now, reading.cpu_s)
        mark = self._marks.setdefault(name, fresh)
        if fresh.cpu_s < mark.cpu_s:  # the container was restarted
            self._marks[name] = fresh
        elif now - mark.at_s >= WINDOW_S:
            self.pods[name] = Usage(_millicores(mark, fresh), reading.memory_bytes)
            self._marks[name] = fresh


def _busy_s() -> float:
    times = psutil.cpu_times()
    return float(
        times.user
        + times.system
        + getattr(times, "nice", 0.0)
        + getattr(times, "irq", 0.0)
        + getattr(times, "softirq", 0.0)
    )


def _millicores(old: _Mark, new: _Mark) -> int:
    return round(1000 * (new.cpu_s - old.cpu_s) / (new.at_s - old.at_s))
