"""Counts of the arrivals of one load series in one window, by outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

LATE_SHARE = 0.2
"""A window in which the generator started a larger share of the arrivals late has no data about the service."""


@dataclass
class Counts:
    """Arrivals whose intended start is in the window.

    `bad` maps a kind to its number, `over` a limit in ms to the number of arrivals beyond it, `hist` a bucket of
    stats/histogram.py to the number of good latencies. `log_sum` and `log_squares` are sums of the logarithm, and of
    its square, of good latencies in ms.
    """

    sent: int = 0
    ok: int = 0
    bad: Counter[str] = field(default_factory=Counter)
    over: Counter[float] = field(default_factory=Counter)
    late: int = 0
    hist: Counter[int] = field(default_factory=Counter)
    log_sum: float = 0.0
    log_squares: float = 0.0

    def add(self, other: Counts) -> None:
        """Add another window's counts to this one."""
        self.log_sum, self.log_squares = self.log_sum + other.log_sum, self.log_squares + other.log_squares
        self.sent, self.ok, self.late = self.sent + other.sent, self.ok + other.ok, self.late + other.late
        self.bad.update(other.bad)
        self.over.update(other.over)
        self.hist.update(other.hist)

    @property
    def pending(self) -> int:
        """Arrivals without an outcome yet."""
        return self.sent - self.ok - self.bad.total()

    @property
    def fell_behind(self) -> bool:
        """Whether the generator started too many arrivals late for these counts to be about the service."""
        return self.late > LATE_SHARE * self.sent

    def bad_of(self, kinds: Iterable[str]) -> int:
        """Bad arrivals of these kinds; of all kinds when none is given."""
        wanted = set(kinds)
        return sum(self.bad[kind] for kind in wanted) if wanted else self.bad.total()
