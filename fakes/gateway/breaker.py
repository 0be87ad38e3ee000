"""pybreaker around awaits. The library decides when to open, to try and to close; this keeps its rules true although
many calls are under way at once, which its own `with` form does not expect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import pybreaker
from prometheus_client import CollectorRegistry, Counter, Gauge

from fakes.log import Log

T = TypeVar("T")
STATES = {pybreaker.STATE_CLOSED: 0, pybreaker.STATE_HALF_OPEN: 1, pybreaker.STATE_OPEN: 2}


class Shed(Exception):
    """The breaker let nobody through."""


class _Late(Exception):
    """A call that began before the breaker changed its state failed afterwards: it says nothing about the new state.
    Without this, each of the hundreds of calls under way when a breaker opens would open it again."""

    def __init__(self, failure: Exception) -> None:
        super().__init__(failure)
        self.failure = failure


class Breaker:
    """One pybreaker.CircuitBreaker, exported."""

    def __init__(self, name: str, fail_max: int, reset_timeout_s: float, log: Log, meters: Meters) -> None:
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=fail_max,
            reset_timeout=reset_timeout_s,
            exclude=[_Late],
            listeners=[_Teller(log, meters)],
            name=name,
            throw_new_error_on_trip=False,
        )
        meters.activations.labels(name)
        meters.state.labels(name).set(0)

    async def call(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """One attempt under the breaker: what it raises counts as a failure. Raises Shed when the breaker is open."""
        if self._breaker.current_state == pybreaker.STATE_HALF_OPEN:
            raise Shed  # half-open means that the one trial is under way
        try:
            with self._breaker.calling():
                return await self._watched(attempt)
        except pybreaker.CircuitBreakerError:
            raise Shed from None
        except _Late as late:
            raise late.failure from None

    async def _watched(self, attempt: Callable[[], Awaitable[T]]) -> T:
        entered = self._breaker.state
        try:
            return await attempt()
        except Exception as failure:
            if self._breaker.state is not entered:
                raise _Late(failure) from failure
            raise


class _Teller(pybreaker.CircuitBreakerListener):
    """Tells each change of state to the log and the metrics."""

    def __init__(self, log: Log, meters: Meters) -> None:
        self._log, self._meters = log, meters

    def state_change(
        self, cb: pybreaker.CircuitBreaker, old_state: object, new_state: pybreaker.CircuitBreakerState
    ) -> None:
        name, state = str(cb.name), new_state.name
        self._meters.state.labels(name).set(STATES[state])
        if state != pybreaker.STATE_OPEN:
            self._log.info(f"circuit breaker {state}: {name}", breaker=name)
            return
        self._meters.activations.labels(name).inc()
        reason = f"{cb.fail_counter} failures in a row, no call for {cb.reset_timeout:g} s"
        self._log.warning(f"circuit breaker open: {name}, {reason}", breaker=name)


class Meters:
    """What all breakers of a pod export."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.state = Gauge("circuit_breaker_state", "0 closed, 1 half-open, 2 open", ("breaker",), registry=registry)
        self.activations = Counter("circuit_breaker_activations", "Times it opened", ("breaker",), registry=registry)
