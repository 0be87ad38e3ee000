"""One clock for everything: monotonic seconds, and what epoch second that is.

The offset is read once, so a stepped wall clock cannot tear latencies or put one arrival into two seconds.
"""

from __future__ import annotations

import time

_EPOCH_OFFSET_S = time.time() - time.monotonic()

now = time.monotonic


def epoch_s(instant_s: float) -> float:
    """The epoch time of an instant of `now()`."""
    return instant_s + _EPOCH_OFFSET_S


def instant(epoch_s: float) -> float:
    """The instant of `now()` at an epoch time."""
    return epoch_s - _EPOCH_OFFSET_S
