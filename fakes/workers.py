"""Bounded worker slots with a bounded queue: capacity is slots ÷ service time."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

Revert = Callable[[], None]


class QueueFull(Exception):
    """The queue is full."""


class Expired(Exception):
    """The deadline had passed when a worker became free, so the job was not started."""

    def __init__(self, waited_s: float) -> None:
        super().__init__(f"waited {waited_s * 1000:.0f} ms in queue")
        self.waited_s = waited_s


@dataclass(frozen=True)
class _Waiting:
    turn: asyncio.Future[float]
    since: float
    deadline: float


class Workers:
    """Worker slots, first come, first served. Deadlines are `time.monotonic()` seconds."""

    def __init__(self, slots: int, queue_limit: int) -> None:
        self._slots, self._queue_limit = slots, queue_limit
        self._lost = 0
        self._queue: deque[_Waiting] = deque()
        self.busy = 0
        self._moved_at = time.monotonic()

    @property
    def slots(self) -> int:
        """The number of slots now."""
        return max(0, self._slots - self._lost)

    @property
    def queued(self) -> int:
        return len(self._queue)

    def stalled_s(self) -> float:
        """Seconds since a worker was free or ended a job."""
        return 0.0 if self.busy < self.slots else time.monotonic() - self._moved_at

    @asynccontextmanager
    async def slot(self, deadline: float = math.inf) -> AsyncIterator[float]:
        """Occupy one worker; yield the seconds waited. Raises QueueFull at once, Expired after the deadline."""
        waited_s = await self._take(deadline)
        try:
            yield waited_s
        finally:
            self._release()

    def remove(self, slots: int) -> Revert:
        """Remove `slots` until the revert; running jobs finish first."""
        self._lost += slots

        def restore() -> None:
            self._lost -= slots
            self._pump()

        return restore

    async def _take(self, deadline: float) -> float:
        now = time.monotonic()
        if self.busy < self.slots and not self._queue:
            self._start(now)
            return 0.0
        if len(self._queue) >= self._queue_limit:
            raise QueueFull
        waiting = _Waiting(asyncio.get_running_loop().create_future(), now, deadline)
        self._queue.append(waiting)
        try:
            return await waiting.turn
        except asyncio.CancelledError:
            if waiting.turn.done() and not waiting.turn.cancelled() and not waiting.turn.exception():
                self._release()  # the turn came together with the cancellation
            raise

    def _start(self, now: float) -> None:
        self.busy += 1
        if self.busy >= self.slots:
            self._moved_at = now

    def _release(self) -> None:
        self.busy -= 1
        self._moved_at = time.monotonic()
        self._pump()

    def _pump(self) -> None:
        """Give free workers to waiting jobs. An expired job is found only when a worker takes it."""
        now = time.monotonic()
        while self._queue and self.busy < self.slots:
            waiting = self._queue.popleft()
            if waiting.turn.done():
                continue
            if waiting.deadline <= now:
                waiting.turn.set_exception(Expired(now - waiting.since))
            else:
                self._start(now)
                waiting.turn.set_result(now - waiting.since)
