"""Wakes the pipes of a proxy at the times at which bytes may pass, with few wake-ups of the process."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from typing import Protocol

SLACK_S = 0.001
"""How much later than its time something may be woken: the resolution of the event loop's clock."""


class Sleeper(Protocol):
    """What waits for a time."""

    wake_s: float
    """The time for which it waits; any other one does not concern it any more."""

    def wake(self) -> None: ...


class Wakes:
    """To be woken by a timer costs a process as much as to forward a request, and while there is load it is awake for
    other bytes every few hundred microseconds. So it looks then (`catch_up`), and a timer ends what that missed."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.waiting = False
        """Whether anything waits."""
        self._heap: list[tuple[float, int, Sleeper]] = []
        self._count = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    def at(self, time_s: float, sleeper: Sleeper) -> None:
        """Wake at `time_s` on the event loop's clock, or at most SLACK_S later, if `sleeper` still waits for it."""
        sleeper.wake_s = time_s
        heap = self._heap
        heapq.heappush(heap, (time_s, next(self._count), sleeper))
        if heap[0][2] is sleeper:
            self._rearm()

    def catch_up(self) -> None:
        """Wake everything whose time has come."""
        now_s, heap = self.loop.time(), self._heap
        if not heap or heap[0][0] > now_s:
            return
        while heap and heap[0][0] <= now_s:
            time_s, _, sleeper = heapq.heappop(heap)
            if sleeper.wake_s == time_s:
                sleeper.wake()
        self._rearm()

    def sweep(self) -> None:
        """Forget what nothing waits for any more."""
        self._heap = [each for each in self._heap if each[2].wake_s == each[0]]
        heapq.heapify(self._heap)
        self._rearm()

    def _rearm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.waiting = bool(self._heap)
        self._timer = self.loop.call_at(self._heap[0][0] + SLACK_S, self.catch_up) if self._heap else None
