"""Ranges of the numbers in a record: what an honest writer stays within, so that no number makes a reader run away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True)
class Range:
    """The smallest and the largest value of a number."""

    low: float
    high: float


Time = Annotated[float, Range(0.0, 1e11)]
"""Seconds since the epoch."""
Seconds = Annotated[float, Range(0.0, 1e11)]
"""A duration."""
Window = Annotated[float, Range(1.0, 1e11)]
"""Length in seconds of the time window of an error budget."""
Share = Annotated[float, Range(0.0, 1.0)]
Percent = Annotated[float, Range(0.0, 100.0)]
Vif = Annotated[float, Range(1.0, 1e6)]
Rate = Annotated[float, Range(0.0, 1e9)]
"""Arrivals per second."""
Count = Annotated[int, Range(0, 1e12)]
Bytes = Annotated[int, Range(0, 2**62)]
ProcessId = Annotated[int, Range(0, 2**31)]
Bucket = Annotated[int, Range(0, 10_000)]
"""Index of a bucket of latencies; the last one is beyond two years."""
Milliseconds = Annotated[float, Range(0.0, 1e9)]
"""A threshold of latency."""
