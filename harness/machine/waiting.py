"""Waiting for a condition with a limit."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], limit_s: float, poll_s: float = 0.05) -> bool:
    """Poll `condition` until it is true; returns False when it is still false after `limit_s` seconds."""
    deadline_s = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() >= deadline_s:
            return False
        time.sleep(poll_s)
    return True
