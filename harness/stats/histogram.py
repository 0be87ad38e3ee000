"""Log-linear histogram of latencies: 256 buckets per power of two, of whole microseconds.

The generator of the load counts into the same buckets; docs/reference/contracts.md defines them. The layout is that of
HdrHistogram.
"""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from operator import mul

_EXACT_BELOW = 512
"""Buckets below this index hold one microsecond each."""


def middle_ms(index: int) -> float:
    """The mean of the whole microseconds in a bucket, in milliseconds; at most 0.2 % from each of them."""
    if index < _EXACT_BELOW:
        return index / 1000
    exponent = (index >> 8) - 1
    low = (index - (exponent << 8)) << exponent
    return (low + ((1 << exponent) - 1) / 2) / 1000


def edges_ms(index: int) -> tuple[float, float]:
    """The latencies between which a bucket lies, in milliseconds: from the first one, up to the next bucket's first."""
    exponent = max(0, (index >> 8) - 1)
    low = (index - (exponent << 8)) << exponent
    return low / 1000, (low + (1 << exponent)) / 1000


def quantile_ms(buckets: Mapping[int, int], q: float) -> float | None:
    """The q-quantile in milliseconds: the middle of its bucket; None without counts."""
    index = quantile_bucket(buckets, q)
    return None if index is None else middle_ms(index)


def quantile_of_all_ms(buckets: Mapping[int, int], arrivals: int, q: float) -> float | None:
    """The q-quantile of all arrivals in milliseconds; those without a latency count as slower than every other.

    None if the quantile is one of them, or without arrivals.
    """
    rank, good = rank_of(q, arrivals), sum(buckets.values())
    return quantile_ms(buckets, (rank - 0.5) / good) if 0 < rank <= good else None


def rank_of(q: float, n: int) -> int:
    """Rank of the q-quantile among n values, from 1; 0 without values. Rounds, as 0.95 · 100 may exceed 95."""
    return math.ceil(round(q * n, 9))


def quantile_bucket(buckets: Mapping[int, int], q: float) -> int | None:
    """Index of the bucket with the ⌈q·n⌉-th smallest of n latencies; None without counts.

    `buckets` maps an index to a count; 0 <= q <= 1.
    """
    total, seen = sum(buckets.values()), 0
    for index in sorted(buckets):
        seen += buckets[index]
        if seen >= q * total:
            return index
    return None


class Histogram:
    """Counts of latencies by bucket.

    The increments stay as they come, and are merged when the counts are asked for: of most windows they are not, and a
    record has millions of them. Two arrays take an eighth of the memory of a dictionary.
    """

    def __init__(self, buckets: Mapping[int, int] | None = None) -> None:
        self._parts = [(array("I", buckets), array("Q", buckets.values()))] if buckets else []
        self._moments, self._summed = (0.0, 0.0), 0

    def add(self, other: Histogram) -> None:
        """Add another histogram's counts."""
        self._parts += other._parts

    def merged(self) -> Mapping[int, int]:
        """The counts by bucket."""
        whole: dict[int, int] = defaultdict(int)
        for buckets, counts in self._parts:
            for bucket, count in zip(buckets, counts, strict=True):
                whole[bucket] += count
        return whole

    def log_moments(self) -> tuple[float, float]:
        """Sums of the logarithm of the latencies in ms, and of its square."""
        for buckets, counts in self._parts[self._summed :]:
            logs = list(map(_log_ms, buckets))
            weighted = list(map(mul, counts, logs))
            self._moments = self._moments[0] + sum(weighted), self._moments[1] + sum(map(mul, weighted, logs))
        self._summed = len(self._parts)
        return self._moments


@cache
def _log_ms(index: int) -> float:
    return math.log(max(middle_ms(index), 1e-3))
