"""Rows of locust's statistics table as a worker sends them: deltas, with latencies in fine buckets."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scenarios.generator import clock, histogram
from scenarios.generator.statistics import LATE_ROW, UNSENT_ROW, Key

Wire = dict[str, object]


@dataclass(slots=True)
class Row:
    """One row since the last report; latencies in seconds."""

    start_s: float = field(default_factory=lambda: clock.epoch_s(clock.now()))
    last_s: float | None = None
    total_s: float = 0.0
    fastest_s: float = float("inf")
    slowest_s: float = 0.0
    length: int = 0
    buckets: Counter[int] = field(default_factory=Counter)
    by_second: Counter[int] = field(default_factory=Counter)
    failed_by_second: Counter[int] = field(default_factory=Counter)

    def log(self, now_s: float, latency_s: float, length: int, failed: bool) -> None:
        """Count one event at the epoch time `now_s`."""
        self.last_s = now_s
        self.total_s += latency_s
        self.fastest_s, self.slowest_s = min(self.fastest_s, latency_s), max(self.slowest_s, latency_s)
        self.length += length
        self.buckets[histogram.index(round(latency_s * 1e6))] += 1
        self.by_second[int(now_s)] += 1
        if failed:
            self.failed_by_second[int(now_s)] += 1

    def add(self, other: Row) -> None:
        """Merge another row into this one."""
        self.start_s = min(self.start_s, other.start_s)
        self.last_s = max(filter(None, (self.last_s, other.last_s)), default=None)
        self.total_s += other.total_s
        self.fastest_s, self.slowest_s = min(self.fastest_s, other.fastest_s), max(self.slowest_s, other.slowest_s)
        self.length += other.length
        self.buckets += other.buckets
        self.by_second += other.by_second
        self.failed_by_second += other.failed_by_second

    def to_wire(self, method: str, name: str) -> Wire:
        """Return the row as locust's `StatsEntry` reads it, in milliseconds; the master keeps the fine buckets."""
        return {
            "name": name,
            "method": method,
            "last_request_timestamp": self.last_s,
            "start_time": self.start_s,
            "num_requests": self.buckets.total(),
            "num_none_requests": 0,
            "num_failures": self.failed_by_second.total(),
            "total_response_time": self.total_s * 1e3,
            "max_response_time": self.slowest_s * 1e3,
            "min_response_time": self.fastest_s * 1e3 if self.buckets else None,
            "total_content_length": self.length,
            "response_times": {histogram.shown_ms(bucket): count for bucket, count in self.buckets.items()},
            "num_reqs_per_sec": dict(self.by_second),
            "num_fail_per_sec": dict(self.failed_by_second),
        }


class Rows:
    """Rows of one worker. With `wanted` false nothing is counted, to save CPU."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._unsent = 0
        self.clear()

    def clear(self) -> None:
        """Discard all rows and errors."""
        self._rows: dict[Key, Row] = {}
        self._outside_totals: dict[Key, Row] = {}
        self._errors: dict[str, Wire] = {}

    def log(self, key: Key, latency_s: float, length: int, bad: Iterable[str]) -> None:
        """Record an arrival that ended; `bad` contains its kinds of bad."""
        if not self._wanted:
            return
        now_s = clock.epoch_s(clock.now())
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = Row()
        kinds = sorted(set(bad))
        row.log(now_s, latency_s, length, bool(kinds))
        if kinds:
            self._error(key, ", ".join(kinds), now_s)

    def late(self, late_s: float) -> None:
        """Record that an arrival started `late_s` seconds late."""
        self._log_outside_totals(LATE_ROW, late_s)

    def unsent(self, total: int) -> None:
        """Record the number of arrivals without a request so far, over all runs."""
        for _ in range(total - self._unsent):
            self._log_outside_totals(UNSENT_ROW, 0.0)
        self._unsent = total

    def rows(self) -> Mapping[Key, Row]:
        """Return the rows of arrivals since the last `take`."""
        return self._rows

    def outside_totals(self) -> Mapping[Key, Row]:
        """Return the rows that totals leave out: late and unsent arrivals."""
        return self._outside_totals

    def errors(self) -> Iterable[Wire]:
        """Return the errors since the last `take`: each kind of bad by row, with its number of occurrences."""
        return self._errors.values()

    def take(self) -> Wire:
        """Return the contents of a stats message and start again; its total, shown as Aggregated, has arrivals only."""
        total = Row()
        for row in self._rows.values():
            total.add(row)
        rows = [row.to_wire(*key) for key, row in (*self._rows.items(), *self._outside_totals.items())]
        taken: Wire = {"stats": rows, "stats_total": total.to_wire("", "Aggregated"), "errors": self._errors}
        self.clear()
        return taken

    def _log_outside_totals(self, key: Key, latency_s: float) -> None:
        if self._wanted:
            self._outside_totals.setdefault(key, Row()).log(clock.epoch_s(clock.now()), latency_s, 0, failed=False)

    def _error(self, key: Key, error: str, now_s: float) -> None:
        method, name = key
        digest = hashlib.sha256(f"{method}.{name}.{error!r}".encode()).hexdigest()
        facts: Mapping[str, object] = {"method": method, "name": name, "error": error}
        seen = self._errors.setdefault(digest, {**facts, "occurrences": 0, "first_seen": now_s, "last_seen": now_s})
        seen["occurrences"] = int(str(seen["occurrences"])) + 1
        seen["last_seen"] = now_s
