"""Client timeouts: one timer per limit is enough, since exchanges of one limit expire in the order of their start."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from scenarios.generator import clock

from .connection import Exchange
from .engine import Cancel, Engine


class Deadlines:
    """Call `expired` for each exchange that is not done at its deadline."""

    def __init__(self, engine: Engine, expired: Callable[[Exchange], None]) -> None:
        self._engine, self._expired = engine, expired
        self._queues: dict[float, deque[Exchange]] = {}
        self._timers: dict[float, Cancel] = {}

    def add(self, exchange: Exchange, now_s: float) -> None:
        """Watch an exchange that starts now."""
        limit_s = exchange.request.timeout_s
        exchange.deadline_s = now_s + limit_s
        queue = self._queues.get(limit_s)
        if queue is None:
            queue = self._queues[limit_s] = deque()
        while queue and queue[0].done:
            queue.popleft()
        queue.append(exchange)
        if limit_s not in self._timers:
            self._wait(limit_s, limit_s)

    def close(self) -> None:
        """Cancel all timers."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._queues.clear()

    def _wait(self, limit_s: float, left_s: float) -> None:
        self._timers[limit_s] = self._engine.call_later(left_s, self._sweep, limit_s)

    def _sweep(self, limit_s: float) -> None:
        queue, now_s = self._queues[limit_s], clock.now()
        while queue and (queue[0].done or queue[0].deadline_s <= now_s):
            exchange = queue.popleft()
            if not exchange.done:
                self._expired(exchange)
        del self._timers[limit_s]  # last, so that an exchange added by `expired` starts no second timer
        if queue:
            self._wait(limit_s, queue[0].deadline_s - now_s)
