"""Buckets of the latency histogram: log-linear, 256 per power of two, so that histograms merge by addition."""

from __future__ import annotations

from functools import cache

SUB_BUCKET_BITS = 8
_EXACT_BELOW = 1 << (SUB_BUCKET_BITS + 1)


def index(latency_us: int) -> int:
    """Return the bucket of a latency in microseconds; exact below 512, at most 0.4 % wide above."""
    if latency_us < _EXACT_BELOW:
        return max(0, latency_us)
    exponent = latency_us.bit_length() - (SUB_BUCKET_BITS + 1)
    return (exponent << SUB_BUCKET_BITS) + (latency_us >> exponent)


def value_us(bucket: int) -> float:
    """Return the middle of a bucket in microseconds, at most 0.2 % from every latency in it."""
    if bucket < _EXACT_BELOW:
        return float(bucket)
    exponent = (bucket >> SUB_BUCKET_BITS) - 1
    low = (bucket - (exponent << SUB_BUCKET_BITS)) << exponent
    return low + ((1 << exponent) - 1) / 2


@cache
def shown_ms(bucket: int) -> float:
    """Return the middle of a bucket in milliseconds, to four digits: enough to distinguish neighbouring buckets."""
    return float(f"{value_us(bucket) / 1e3:.4g}")
