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


def quantile_ms(buckets: Mapping[int, int], q: float) -> float | None:
    """The q-quantile in milliseconds: the middle of the bucket with the ⌈q·n⌉-th smallest of n latencies.

    `buckets` maps an index to a count; 0 <= q <= 1. None without counts.
    """
    total, seen = sum(buckets.values()), 0
    for index in sorted(buckets):
        seen += buckets[index]
        if seen >= q * total:
            return middle_ms(index)
    return None
