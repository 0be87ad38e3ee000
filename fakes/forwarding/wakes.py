"""Wakes the pipes of a proxy at the times at which bytes may pass, with few wake-ups of the process."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass

SLACK_S = 0.001
"""How much later than its time something may be woken: the resolution of the event loop's clock."""


@dataclass(slots=True)
class Wake:
    """What to call at a time; None: it was cancelled."""

    action: Callable[[], None] | None

    def cancel(self) -> None:
        self.action = None


class Wakes:
    """To be woken by a timer costs a process more than to forward a request, and while there is load it is awake for
    other bytes every few hundred microseconds. So it looks then (`catch_up`), and a timer ends what it missed."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._heap: list[tuple[float, int, Wake]] = []
        self._count = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self.next_s: float | None = None
        """The earliest time; None without any."""

    def at(self, time_s: float, action: Callable[[], None]) -> Wake:
        """Call `action` at `time_s` on the event loop's clock, or at most SLACK_S later."""
        wake = Wake(action)
        heapq.heappush(self._heap, (time_s, next(self._count), wake))
        if self.next_s is None or time_s < self.next_s:
            self._rearm()
        return wake

    def catch_up(self) -> None:
        """Call everything whose time has come."""
        now_s = self.loop.time()
        if self.next_s is None or self.next_s > now_s:
            return
        while self._heap and self._heap[0][0] <= now_s:
            action = heapq.heappop(self._heap)[2].action
            if action is not None:
                action()
        self._rearm()

    def _rearm(self) -> None:
        while self._heap and self._heap[0][2].action is None:
            heapq.heappop(self._heap)
        if self._timer is not None:
            self._timer.cancel()
        self.next_s = self._heap[0][0] if self._heap else None
        self._timer = None if self.next_s is None else self.loop.call_at(self.next_s + SLACK_S, self.catch_up)
