"""Reverts a fault once: on request, or when its maximum duration is over."""

from __future__ import annotations

import threading
from collections.abc import Callable

from harness.errors import PlatformError


class TimedRevert:
    """Calls `revert` once, when `run` is called or `max_duration_s` after `start`, whichever comes first."""

    def __init__(self, max_duration_s: float, revert: Callable[[], None]) -> None:
        self._revert, self._lock, self._done = revert, threading.Lock(), threading.Event()
        self._expired = False
        self._timer = threading.Timer(max_duration_s, self._expire)
        self._timer.daemon = True

    def start(self) -> None:
        """Start the maximum duration."""
        self._timer.start()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the revert; return whether it has happened."""
        return self._done.wait(timeout_s)

    @property
    def expired(self) -> bool:
        """Whether the maximum duration is over."""
        return self._expired

    def run(self) -> None:
        """Revert now, unless that has happened already. Idempotent. Raises PlatformError when the revert fails."""
        self._timer.cancel()
        with self._lock:
            if not self._done.is_set():
                self._revert()
                self._done.set()

    def _expire(self) -> None:
        self._expired = True
        try:
            self.run()
        except PlatformError:
            return  # the drill calls `run` again when it reverts, and reports the error then
