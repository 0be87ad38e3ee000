"""How much less correlated arrivals say than independent ones: the variance inflation factor (VIF), by batch means.

Requests that meet the same queue are slow together. Counts are therefore divided by a VIF before they are taken for
evidence: the largest over dyadic batch lengths with ten batches or more, on the bad indicator and on the logarithm of
the latency where the objective is about latency (it tells of queues even where nothing is bad yet), times a margin. It
is a heuristic (batch means: Law and Kelton, Simulation Modeling and Analysis, ch. 9; deflated counts: Kish's effective
sample size), so α is nominal; `benchmarks/verdict_error.py` measures what becomes of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

MARGIN = 1.3
VIF_METHOD = 2
"""Raised with every change of what is measured: what another method measured teaches nothing about this one."""
MIN_BATCHES = 10
ENOUGH_S = 40.0
"""So many seconds of earlier steady windows stand for knowing a scenario's VIF: bursts that come once in ten seconds
are missed by all of them in one of fifty cases (e⁻⁴)."""


class Slice(NamedTuple):
    """What was due in one slice of time: arrivals, bad ones, and the moments of log latency of the `timed` answers."""

    n: int
    bad: int
    timed: int = 0
    log_sum: float = 0.0
    log_squares: float = 0.0


@dataclass(frozen=True)
class VifEstimate:
    """The VIF of earlier windows of the same load and objective, and how long they were in all.

    The root of the mean square over time: a single window's estimate is noisy, so the largest of many is far too large;
    one that saw a burst still outweighs those that saw none.
    """

    vif: float = 1.0
    seconds: float = 0.0

    @property
    def suffices(self) -> bool:
        """Is it known well enough to decide before this window has measured its own?"""
        return self.seconds >= ENOUGH_S

    def also(self, vif: float, seconds: float) -> VifEstimate:
        """With one more window."""
        whole = self.seconds + seconds
        return VifEstimate(math.sqrt((self.vif**2 * self.seconds + vif**2 * seconds) / whole), whole)


UNKNOWN = VifEstimate()


def inflation(slices: Sequence[Slice]) -> float:
    """The VIF of a window, margin included."""
    indicator = _Sums([piece.n for piece in slices], [piece.bad for piece in slices])
    n, bad = indicator.whole
    largest = _largest(indicator, bad * (n - bad) / n / n) if n else 1.0
    latency = _Sums([piece.timed for piece in slices], [piece.log_sum for piece in slices])
    timed, log_sum = latency.whole
    if timed:
        squares = sum(piece.log_squares for piece in slices)
        largest = max(largest, _largest(latency, squares / timed - (log_sum / timed) ** 2))
    return MARGIN * largest


class _Sums:
    """Cumulated counts and sums, so that any batch of slices costs one subtraction."""

    def __init__(self, counts: Sequence[int], sums: Sequence[float]) -> None:
        self._counts = [0, *accumulate(counts)]
        self._sums = [0.0, *accumulate(sums)]
        self.slices = len(counts)

    @property
    def whole(self) -> tuple[int, float]:
        return self._counts[-1], self._sums[-1]

    def batches(self, length: int) -> Iterator[tuple[int, float]]:
        for at in range(length, len(self._counts), length):
            yield self._counts[at] - self._counts[at - length], self._sums[at] - self._sums[at - length]


_TINY = 1e-9


def _largest(sums: _Sums, variance: float) -> float:
    """The largest ratio, over batch lengths, of the variance between batches to what independence would give."""
    count, total = sums.whole
    if variance <= _TINY:
        return 1.0
    mean, length, largest = total / count, 1, 1.0
    while sums.slices // length >= MIN_BATCHES:
        batches = list(sums.batches(length))
        excess = sum((part - size * mean) ** 2 for size, part in batches) / (len(batches) - 1)
        largest = max(largest, excess / (variance * count / len(batches)))
        length *= 2
    return largest
