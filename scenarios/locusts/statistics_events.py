"""Locust's own statistics, fed by its events, with buckets fine enough to show the true percentiles."""

from __future__ import annotations

from collections.abc import Iterable

import locust.stats
from locust.env import Environment

from scenarios.generator import histogram
from scenarios.generator.statistics import LATE_ROW, UNSENT_ROW, Key


class BadAnswer(Exception):
    """What locust's statistics show for an arrival that went badly."""

    def __repr__(self) -> str:
        """Its kind alone, as the fast worker has it, so that the rows of both are one."""
        return str(self)


class EventStatistics:
    """Fires locust's request event for each arrival that ended."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._unsent = 0

    def log(self, key: Key, latency_s: float, length: int, bad: Iterable[str]) -> None:
        """One arrival that ended; `bad` holds its kinds of bad."""
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
        """One arrival that was started late, by so much; it is in no total."""
        self._apart(LATE_ROW, late_s)

    def unsent(self, total: int) -> None:
        """How many arrivals never left so far, of all runs."""
        for _ in range(total - self._unsent):
            self._apart(UNSENT_ROW, 0.0)
        self._unsent = total

    def _apart(self, row: Key, latency_s: float) -> None:
        method, name = row
        self._environment.stats.entries[name, method].log(round(latency_s * 1e3), 0)


def bucket(response_time_ms: float) -> float:
    """Locust rounds to two digits; our buckets are 0.4 % wide, and merge as exactly."""
    return histogram.shown_ms(histogram.index(round(response_time_ms * 1e3)))


def use_own_buckets() -> None:
    """Locust documents its function as one to be replaced."""
    locust.stats.bucket_response_time = bucket  # type: ignore[assignment]
