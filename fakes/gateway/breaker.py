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


class Breaker:
    """One pybreaker.CircuitBreaker with metrics."""

    def __init__(self, name: str, fail_max: int, reset_timeout_s: float, log: Log, meters: Meters) -> None:
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=fail_max,
            reset_timeout=reset_timeout_s,
            listeners=[_StateListener(log, meters)],
            name=name,
            throw_new_error_on_trip=False,
        )
        meters.activations.labels(name)
        meters.state.labels(name).set(0)

    async def call(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Make one attempt; an exception counts as a failure. Raises Rejected when the breaker is open."""
        state = self._breaker.current_state
        if state == pybreaker.STATE_CLOSED:
            return await self._while_closed(attempt)
        if state == pybreaker.STATE_HALF_OPEN:
            raise Rejected  # the one trial call is in flight
        try:
            with self._breaker.calling():
                return await attempt()
        except pybreaker.CircuitBreakerError:
            raise Rejected from None

    async def _while_closed(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Make one attempt; its outcome counts unless the breaker has changed its state in the meantime.

        Otherwise each of the hundreds of calls in flight when a breaker opens would open it again after it has closed,
        or reset the counter of failures. pybreaker cannot ignore an outcome: it counts an excluded exception as a
        success.
        """
        entered = self._breaker.state
        try:
            result = await attempt()
        except BaseException as failure:
            if self._breaker.state is entered:
                self._breaker.call(_fail, failure)
            raise
        if self._breaker.state is entered:
            self._breaker.call(_succeed)
        return result


def _fail(failure: BaseException) -> None:
    raise failure


def _succeed() -> None: ...


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
