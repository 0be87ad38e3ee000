"""Log-linear histogram of latencies: 256 buckets per power of two, of whole microseconds.

The generator of the load counts into the same buckets; docs/reference/contracts.md defines them. The layout is that of
HdrHistogram.
"""

from __future__ import annotations

from collections.abc import Mapping

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
