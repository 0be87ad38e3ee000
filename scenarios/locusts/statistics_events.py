"""Feed locust's own statistics by its events, with buckets that are fine enough for exact percentiles."""

from __future__ import annotations

from collections.abc import Iterable

import locust.stats
from locust.env import Environment

from scenarios.generator import histogram
from scenarios.generator.statistics import LATE_ROW, UNSENT_ROW, Key


class BadAnswer(Exception):
    """A bad arrival, as locust's statistics show it."""

    def __repr__(self) -> str:
        """Return the kind only, as the fast worker reports it, so that both share one row."""
        return str(self)


class EventStatistics:
    """Statistics sink that fires locust's request event for each arrival that ended."""

    wanted = True

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._unsent = 0

    def log(self, key: Key, latency_s: float, length: int, bad: Iterable[str]) -> None:
        """Record an arrival that ended; `bad` contains its kinds of bad."""
        method, name = key
        kinds = sorted(set(bad))
        self._environment.events.request.fire(  # type: ignore[no-untyped-call]
            request_type=method,
            name=name,
            response_time=latency_s * 1e3,
            response_length=length,
            exception=BadAnswer(", ".join(kinds)) if kinds else None,
            context={},
        )

    def late(self, late_s: float) -> None:
        """Record that an arrival started `late_s` seconds late; totals leave it out."""
        log_outside_totals(self._environment, LATE_ROW, late_s)

    def unsent(self, total: int) -> None:
        """Record the number of arrivals without a request so far, over all runs."""
        for _ in range(total - self._unsent):
            log_outside_totals(self._environment, UNSENT_ROW, 0.0)
        self._unsent = total


def log_outside_totals(environment: Environment, row: Key, latency_s: float) -> None:
    """Count one event in a row that totals leave out."""
    method, name = row
    environment.stats.entries[name, method].log(round(latency_s * 1e3), 0)


def bucket(response_time_ms: float) -> float:
    """Return the bucket of a response time: 0.4 % wide, where locust rounds to two digits."""
    return histogram.shown_ms(histogram.index(round(response_time_ms * 1e3)))


def use_own_buckets() -> None:
    """Replace locust's rounding by `bucket`; locust documents its function as replaceable."""
    locust.stats.bucket_response_time = bucket  # type: ignore[assignment]
