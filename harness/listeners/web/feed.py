"""The messages of a page: a log with one message per key, which any number of pages read at their own pace."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """One message: its number, which grows with every message, its kind, and its data as JSON."""

    number: int
    kind: str
    data: str


class Feed:
    """What a page has to know of one run. Thread-safe; a writer never waits for a reader.

    A message replaces an earlier one with the same key and gets a number of its own. So a page that reads from the
    beginning has everything, and one that reads from the last number that it knows has what is new. `name` is that of
    this run.
    """

    def __init__(self, name: str) -> None:
        self.name, self.closed = name, False
        self._lock = threading.Lock()
        self._messages: OrderedDict[str, Message] = OrderedDict()
        self._last = 0
        self._wake: set[Callable[[], object]] = set()

    def put(self, key: str, kind: str, data: object) -> None:
        """Add a message, or replace the one with this key. One that would repeat the last of its key is left out."""
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        with self._lock:
            known = self._messages.get(key)
            if known is not None and (known.kind, known.data) == (kind, text):
                return
            self._last += 1
            self._messages[key] = Message(self._last, kind, text)
            self._messages.move_to_end(key)
        self._wake_all()

    def close(self) -> None:
        """No message follows: its streams end when they have sent everything."""
        self.closed = True
        self._wake_all()

    def after(self, number: int) -> list[Message]:
        """The messages with a higher number, in the order of their numbers."""
        found: list[Message] = []
        with self._lock:
            for message in reversed(self._messages.values()):
                if message.number <= number:
                    break
                found.append(message)
        return found[::-1]

    @contextmanager
    def woken(self, wake: Callable[[], object]) -> Iterator[None]:
        """Call `wake` after every message and at the end; it must not block."""
        with self._lock:
            self._wake.add(wake)
        try:
            yield
        finally:
            with self._lock:
                self._wake.discard(wake)

    def _wake_all(self) -> None:
        with self._lock:
            waiting = tuple(self._wake)
        for wake in waiting:
            wake()


class Stage:
    """The feed that pages are shown at present: that of one run, then perhaps that of the next one."""

    def __init__(self) -> None:
        self.feed = Feed("none")

    def show(self, feed: Feed) -> None:
        """Show another feed; the streams of the one before end, and their pages come back for this one."""
        before, self.feed = self.feed, feed
        before.close()
