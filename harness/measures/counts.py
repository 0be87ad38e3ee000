"""Counts of the arrivals of one load series in one window, by outcome."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from harness.stats.histogram import Histogram

LATE_SHARE = 0.2
"""A window in which the generator started a larger share of the arrivals late has no data about the service."""
_Key = TypeVar("_Key")


@dataclass
class Counts:
    """Arrivals whose intended start is in the window.

    `bad` maps a kind to its number, `over` a limit in ms to the number of arrivals beyond it; `hist` has the good
    latencies.
    """

    sent: int = 0
    ok: int = 0
    bad: dict[str, int] = field(default_factory=dict)
    over: dict[float, int] = field(default_factory=dict)
    late: int = 0
    hist: Histogram = field(default_factory=Histogram)

    def add(self, other: Counts) -> None:
        """Add another window's counts to this one."""
        self.sent, self.ok, self.late = self.sent + other.sent, self.ok + other.ok, self.late + other.late
        self.hist.add(other.hist)
        if other.bad or other.over:
            _add_each(self.bad, other.bad)
            _add_each(self.over, other.over)

    @property
    def failed(self) -> int:
        """Bad arrivals of all kinds."""
        return sum(self.bad.values())

    @property
    def pending(self) -> int:
        """Arrivals without an outcome yet."""
        return self.sent - self.ok - self.failed

    @property
    def fell_behind(self) -> bool:
        """Whether the generator started too many arrivals late for these counts to be about the service."""
        return self.late > LATE_SHARE * self.sent

    def bad_of(self, kinds: Collection[str]) -> int:
        """Bad arrivals of these kinds; of all kinds when none is given."""
        return sum(self.bad.get(kind, 0) for kind in set(kinds)) if kinds else self.failed


def _add_each(counts: dict[_Key, int], more: Mapping[_Key, int]) -> None:
    for key, count in more.items():
        counts[key] = counts.get(key, 0) + count
