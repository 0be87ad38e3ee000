"""Processor time and memory that this machine has to spare."""

from __future__ import annotations

import os
import time
from collections.abc import Collection

import psutil


class IdleCores:
    """Measures how many of the processors that this process may use are idle, between two calls of `measure`.

    The time of processes of a lower priority (`nice`) counts as idle: they yield to this process and its children.
    """

    count: int
    """Number of these processors."""

    def __init__(self) -> None:
        self.count = len(_allowed())
        self._at_s, self._idle_s = time.monotonic(), _idle_s()

    def measure(self) -> float:
        """Return the mean number of idle cores since the last call, or since the beginning."""
        at_s, idle_s = self._at_s, self._idle_s
        self._at_s, self._idle_s = time.monotonic(), _idle_s()
        idle_cores = (self._idle_s - idle_s) / max(self._at_s - at_s, 1e-3)
        return min(idle_cores, float(self.count))  # Linux counts in ticks of 10 ms: over less time it can be more


def _idle_s() -> float:
    every = psutil.cpu_times(percpu=True)
    own = [every[number] for number in _allowed() if number < len(every)]
    return sum(each.idle + (_yielded_s(each) if os.getpriority(os.PRIO_PROCESS, 0) <= 0 else 0.0) for each in own)


def _yielded_s(times: object) -> float:
    """Time of processes with a positive `nice`; 0 on Windows, which does not count it."""
    return float(getattr(times, "nice", 0.0))


def _allowed() -> Collection[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)


def free_memory_bytes() -> int:
    """Return the memory that processes can still get without swapping."""
    return int(psutil.virtual_memory().available)
