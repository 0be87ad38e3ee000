"""Takes a sample once a second in a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

PERIOD_S = 1.0
END_LIMIT_S = 5.0
T = TypeVar("T")


class Periodic(Generic[T]):
    """Calls `take` once a second, from `start` until `stop`."""

    def __init__(self, name: str, take: Callable[[], T]) -> None:
        self._name, self._take = name, take
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, taken: Callable[[T], None], failed: Callable[[Exception], None]) -> None:
        """Call `taken` with every sample; `failed` once when `take` raises, which ends it."""
        self._thread = threading.Thread(target=self._run, args=(taken, failed), daemon=True, name=self._name)
        self._thread.start()

    def stop(self) -> None:
        """End, and wait up to 5 s for the sample under way. Idempotent."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=END_LIMIT_S)

    def _run(self, taken: Callable[[T], None], failed: Callable[[Exception], None]) -> None:
        due = time.monotonic()
        try:
            while not self._stop.is_set():
                found = self._take()
                if self._stop.is_set():
                    return
                taken(found)
                due = max(due + PERIOD_S, time.monotonic())
                self._stop.wait(due - time.monotonic())
        except Exception as error:
            failed(error)
