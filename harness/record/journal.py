"""The journal: an append-only file of events, one JSON object a line, flushed an event at a time.

Revert entries are on disk (fsync) before the harm that they revert. Listeners are called after the line is written,
in the order of the file, so that what a listener computes can be computed again from the file.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness.errors import GamedayError

Event = Mapping[str, Any]
Listener = Callable[[Event], None]


class JournalError(GamedayError):
    """The record cannot be written or read."""


class Journal:
    """Writes the record of a gameday. Safe to use from several threads."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path, self._clock = path, clock
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        try:
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise JournalError(
                f"{path}: cannot write the record here ({error.strerror}); choose another place by --out"
            ) from None

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` of every event from now on; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def write(self, ev: str, fields: Mapping[str, object] | None = None, *, sync: bool = False) -> Event:
        """Append one event; with `sync` it is on the disk when this returns. Raises JournalError when that fails."""
        with self._lock:
            event: Event = {"ev": ev, "t": round(self._clock(), 3), **(fields or {})}
            try:
                self._file.write(json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n")
                self._file.flush()
                if sync:
                    os.fsync(self._file.fileno())
            except (OSError, ValueError) as error:
                raise JournalError(
                    f"{self.path}: the record cannot be written ({error}); nothing further is done"
                ) from None
            for listener in tuple(self._listeners):
                listener(event)
        return event

    def close(self) -> None:
        """Flush and close; can be called twice."""
        with self._lock:
            if not self._file.closed:
                with suppress(OSError):  # a line that could not be written was told when that was tried
                    self._file.close()


def read_events(path: Path) -> Iterator[Event]:
    """The events of a record; a last line that was cut (a full disk, a SIGKILL) is left out.

    Raises JournalError where there is no record, and for any other line that is no event.
    """
    lines = _lines(path)
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            if number == len(lines):
                return
            raise JournalError(f"{path}:{number}: this line is not JSON; the record was changed") from None
        if not isinstance(event, dict) or "ev" not in event:
            raise JournalError(f"{path}:{number}: this line is not an event; the record was changed")
        yield event


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        why = f"no record can be read here ({error.strerror})"
        raise JournalError(f"{path}: {why}; name a run directory with record.jsonl") from None
