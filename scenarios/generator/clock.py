"""The clock of the generator: monotonic seconds, convertible to epoch seconds.

The offset is read once, so that a step of the wall clock neither distorts latencies nor counts an arrival twice. The
harness passes its own offset on in GAMEDAY_EPOCH_OFFSET_S, so that a step between its start and that of a worker cannot
part their times.
"""

from __future__ import annotations

import os
import time

_EPOCH_OFFSET_S = float(os.environ.get("GAMEDAY_EPOCH_OFFSET_S") or time.time() - time.monotonic())

now = time.monotonic


def epoch_s(instant_s: float) -> float:
    """Return the epoch time in seconds of an instant of `now()`."""
    return instant_s + _EPOCH_OFFSET_S


def instant(epoch_s: float) -> float:
    """Return the instant of `now()` at an epoch time in seconds."""
    return epoch_s - _EPOCH_OFFSET_S
