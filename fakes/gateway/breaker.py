"""Circuit breaker for concurrent async calls, on pybreaker.

pybreaker decides when to open, to try and to close. Its `with` form expects one call at a time; this module keeps its
rules correct while many calls are in flight.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import pybreaker
from prometheus_client import CollectorRegistry, Counter, Gauge

from fakes.log import Log

T = TypeVar("T")
STATES = {pybreaker.STATE_CLOSED: 0, pybreaker.STATE_HALF_OPEN: 1, pybreaker.STATE_OPEN: 2}


class Rejected(Exception):
    """The breaker is open and rejected the call."""


class _Late(Exception):
    """A call that began before the breaker changed its state has failed: not evidence about the new state.

    Otherwise each of the hundreds of calls in flight when a breaker opens would open it again.
    """

    def __init__(self, failure: Exception) -> None:
        super().__init__(failure)
        self.failure = failure


class Breaker:
    """One pybreaker.CircuitBreaker with metrics."""

    def __init__(self, name: str, fail_max: int, reset_timeout_s: float, log: Log, meters: Meters) -> None:
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=fail_max,
            reset_timeout=reset_timeout_s,
            exclude=[_Late],
            listeners=[_StateListener(log, meters)],
            name=name,
            throw_new_error_on_trip=False,
        )
        meters.activations.labels(name)
        meters.state.labels(name).set(0)

    async def call(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Make one attempt; an exception counts as a failure. Raises Rejected when the breaker is open."""
        if self._breaker.current_state == pybreaker.STATE_HALF_OPEN:
            raise Rejected  # half-open: the one trial call is in flight
        try:
            with self._breaker.calling():
                return await self._watched(attempt)
        except pybreaker.CircuitBreakerError:
            raise Rejected from None
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


class _StateListener(pybreaker.CircuitBreakerListener):
    """Logs and counts each change of state."""

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
    """Metrics of all breakers of a pod."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.state = Gauge("circuit_breaker_state", "0 closed, 1 half-open, 2 open", ("breaker",), registry=registry)
        self.activations = Counter("circuit_breaker_activations", "Times it opened", ("breaker",), registry=registry)
