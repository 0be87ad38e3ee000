"""Runs a listener in a thread of its own, behind a queue, so that it cannot delay the journal."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import TypeAlias

from harness.record.event import Event
from harness.record.journal import Journal

Listener: TypeAlias = Callable[[Event], None]
LONGEST_QUEUE = 10_000
"""Events that wait for one listener, about 20 MB. When its queue is full, it misses the events that come next."""


class ListenerThread:
    """Calls a listener for every event of a journal from now on, in the order of the file, in its own thread.

    A listener that is slow or blocked only delays itself. The record is complete in any case.
    """

    def __init__(self, journal: Journal, listener: Listener) -> None:
        self._listener = listener
        self._events: queue.Queue[Event | None] = queue.Queue(LONGEST_QUEUE)
        self.missed = 0
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
        self._thread.start()
        journal.deliver_to(self._put)

    def _put(self, event: Event) -> None:
        try:
            self._events.put_nowait(event)
        except queue.Full:
            self.missed += 1

    def _run(self) -> None:
        while (event := self._events.get()) is not None:
            self._listener(event)

    def close(self, limit_s: float = 2.0) -> bool:
        """Wait until the listener has handled every event, at most `limit_s`; return whether it has.

        Call it after the last event. A blocked listener is abandoned: its thread does not keep the process alive.
        """
        deadline = time.monotonic() + limit_s
        try:
            self._events.put(None, timeout=limit_s)
        except queue.Full:
            return False
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return not self._thread.is_alive()
