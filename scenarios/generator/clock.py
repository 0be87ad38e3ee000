"""The clock of the generator: monotonic seconds, convertible to epoch seconds.

The offset is read once, so that a step of the wall clock neither distorts latencies nor counts an arrival twice.
"""

from __future__ import annotations

import time

_EPOCH_OFFSET_S = time.time() - time.monotonic()

now = time.monotonic


def epoch_s(instant_s: float) -> float:
    """Return the epoch time in seconds of an instant of `now()`."""
    return instant_s + _EPOCH_OFFSET_S


def instant(epoch_s: float) -> float:
    """Return the instant of `now()` at an epoch time in seconds."""
    return epoch_s - _EPOCH_OFFSET_S
