"""One row of locust's statistics table, as a worker sends it: latencies in fine buckets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from . import clock, histogram

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


def row_of_ages(ages_s: Iterable[float]) -> Row:
    """Return a row of outstanding arrivals: their number, and their ages in place of latencies; it has no rate."""
    row = Row()
    for age_s in ages_s:
        row.log(row.start_s, age_s, 0, failed=False)
    row.by_second.clear()
    return row
