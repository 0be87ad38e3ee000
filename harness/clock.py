"""The clock of a run: seconds since the epoch that never jump.

It follows the monotonic clock from the import on, so that a step of the wall clock during a run (NTP, a virtual machine
that resumes) leaves every duration and the order of all events right. The load workers on this machine are started with
the same offset.
"""

from __future__ import annotations

import time

OFFSET_S = time.time() - time.monotonic()
"""Seconds from the zero of the monotonic clock, which all processes of a machine share, to the epoch."""


def now_s() -> float:
    """Return the seconds since the epoch."""
    return time.monotonic() + OFFSET_S
