"""Variance inflation factor (VIF) of correlated arrivals, by batch means.

Requests that wait in the same queue are slow together, so n of them carry less information than n independent ones.
For batches of b slices, VIF_b = Var(batch sums) / (σ² · n / number of batches), with the variance σ² of one arrival: 1
when arrivals are independent. The VIF of a window is the largest over b = 1, 2, 4, … with at least ten batches, of the
bad indicator and, for a latency objective, of the logarithm of the latency, times a margin. Log latency shows queues
before any arrival is bad. Counts divided by the VIF are effective sample sizes.

The deflation is a heuristic, so α is nominal; benchmarks/verdict_error.py measures the real error. Sources: Law and
Kelton, Simulation Modeling and Analysis, ch. 9 (batch means); Kish, Survey Sampling, 1965 (effective sample size).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

MARGIN = 1.3
"""Factor on every estimate, and so the smallest VIF."""
VIF_METHOD = 2
"""Version of the estimate: VIFs of earlier runs are used only if they were estimated by the same version."""
MIN_BATCHES = 10
"""Fewer batches give no estimate."""
ENOUGH_S = 40.0
"""Earlier windows of this total length, in seconds, estimate a scenario's VIF well enough: bursts that come once in ten
seconds are absent from all of them with probability e⁻⁴."""
_TINY = 1e-9


class Slice(NamedTuple):
    """Counts of the arrivals due in one slice of time.

    `n` arrivals, `bad` of them bad; `timed` latencies with the sums of their logarithms and of the squares of these.
    """

    n: int
    bad: int
    timed: int = 0
    log_sum: float = 0.0
    log_squares: float = 0.0


@dataclass(frozen=True)
class VifEstimate:
    """VIF of earlier windows of the same load and objective, and their total length in seconds.

    The root mean square of the windows' VIFs, weighted by their lengths. A single estimate is noisy, so the largest of
    many would be far too large; a window with a burst still outweighs those without.
    """

    vif: float = 1.0
    seconds: float = 0.0

    @property
    def suffices(self) -> bool:
        """Whether a window can be decided with this VIF before it has an estimate of its own."""
        return self.seconds >= ENOUGH_S

    def also(self, vif: float, seconds: float) -> VifEstimate:
        """This estimate with one more window."""
        whole = self.seconds + seconds
        return VifEstimate(math.sqrt((self.vif**2 * self.seconds + vif**2 * seconds) / whole), whole)


UNKNOWN = VifEstimate()


def inflation(slices: Sequence[Slice]) -> float:
    """The VIF of a window of consecutive slices of equal length, margin included; MARGIN is the smallest."""
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
    """Cumulative counts and sums, so that the sum of any batch of slices is one subtraction."""

    def __init__(self, counts: Sequence[int], sums: Sequence[float]) -> None:
        self._counts = [0, *accumulate(counts)]
        self._sums = [0.0, *accumulate(sums)]
        self.slices = len(counts)

    @property
    def whole(self) -> tuple[int, float]:
        """(count, sum) of all slices."""
        return self._counts[-1], self._sums[-1]

    def batches(self, length: int) -> Iterator[tuple[int, float]]:
        """(count, sum) of each whole batch of `length` slices."""
        for (n, more), (low, high) in zip(
            pairwise(self._counts[::length]), pairwise(self._sums[::length]), strict=True
        ):
            yield more - n, high - low


def _largest(sums: _Sums, variance: float) -> float:
    """The largest VIF_b over the batch lengths b; at least 1. `variance` is that of one arrival."""
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
