"""The log-linear latency histogram of the load stream: 256 sub-buckets in each power of two of microseconds.

The format is in docs/reference/contracts.md.
"""

from __future__ import annotations

from collections.abc import Mapping

_LINEAR = 512


def middle_ms(index: int) -> float:
    """The latency in milliseconds at the middle of a bucket."""
    if index < _LINEAR:
        return index / 1000
    exponent = (index >> 8) - 1
    low = (index - (exponent << 8)) << exponent
    return (low + (1 << exponent) / 2) / 1000


def quantile_ms(buckets: Mapping[int, int], q: float) -> float | None:
    """Latency that a fraction q of the counts does not exceed; None without counts."""
    total, seen = sum(buckets.values()), 0
    for index in sorted(buckets):
        seen += buckets[index]
        if seen >= q * total:
            return middle_ms(index)
    return None
