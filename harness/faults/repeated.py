"""Repeats a part of a fault in a thread of its own, for as long as the fault lasts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from harness.errors import PlatformError

GIVE_UP_S = 10.0
"""A platform that fails for so long is down, and nothing is left to break."""


class Repeated:
    """Calls `do` every `every_s` from `start` until `stop`, and for `max_duration_s` at most.

    After a PlatformError of `do` it goes on, until there was nothing else for GIVE_UP_S.
    """

    def __init__(self, every_s: float, max_duration_s: float, do: Callable[[], None]) -> None:
        self._every_s, self._max_s, self._do = every_s, max_duration_s, do
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._repeat, daemon=True, name="fault")
        self._ends_s = 0.0

    def start(self) -> None:
        """Start the maximum duration; the first call is `every_s` later."""
        self._ends_s = time.monotonic() + self._max_s
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait for a call that is under way. Idempotent, also valid without `start`."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def running(self) -> bool:
        """Whether there will be further calls."""
        return self._thread.is_alive()

    @property
    def left_s(self) -> float:
        """Seconds that are left of the maximum duration."""
        return max(0.0, self._ends_s - time.monotonic())

    def _repeat(self) -> None:
        failing_since = None
        while not self._stop.wait(min(self._every_s, self.left_s)) and self.left_s:
            try:
                self._do()
                failing_since = None
            except PlatformError:
                now = time.monotonic()
                failing_since = failing_since or now
                if now - failing_since > GIVE_UP_S:
                    return
