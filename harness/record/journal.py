"""The journal writes the record of a run: a file of events, one JSON object per line, in the order of writing.

The lock protects the file only. Whatever else wants the events gets them through an inbox: a function that stores the
event and returns at once. So a slow consumer never delays a writer.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from harness.clock import now_s
from harness.errors import GamedayError
from harness.record.chain import Chain, ChainError
from harness.record.codec import FormatError, from_json, to_json
from harness.record.event import Event
from harness.record.events import VERSION, RunStarted
from harness.record.frequent_lines import Frequent, read_frequent
from harness.record.order import TimeOrder

Inbox = Callable[[Event], None]
"""Stores an event for later. Called in the order of the file, under the journal's lock: must not block."""
_E = TypeVar("_E", bound=Event)


class JournalError(GamedayError):
    """The record cannot be written or read."""


class Journal:
    """Appends events to the record of a run. Thread-safe."""

    def __init__(self, path: Path, clock: Callable[[], float] = now_s) -> None:
        """Open the file for appending; `clock` returns seconds since the epoch. Raises JournalError."""
        self.path, self._clock = path, clock
        self._lock, self._chain, self._last_s = threading.Lock(), Chain(), 0.0
        self._inboxes: list[Inbox] = []
        try:
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise JournalError(
                f"{path}: cannot write the record here ({error.strerror}); choose another place by --out"
            ) from None

    def deliver_to(self, inbox: Inbox) -> None:
        """Put every further event into `inbox`, after its line is written."""
        with self._lock:
            self._inboxes.append(inbox)

    def write(self, event: _E, *, sync: bool = False) -> _E:
        """Append an event with the present time and return it; with `sync`, it is on disk then. Raises JournalError.

        The time never decreases.
        """
        members = _members(event)  # before the lock is taken: this is most of the work
        with self._lock:
            self._last_s = max(self._last_s, round(self._clock(), 3))
            stamped = replace(event, t_s=self._last_s)
            try:
                self._file.write(self._chain.seal(f'"t_s":{stamped.t_s!r},{members}') + "\n")
                self._file.flush()
                if sync:
                    os.fsync(self._file.fileno())
            except (OSError, ValueError) as error:
                raise JournalError(
                    f"{self.path}: the record cannot be written ({error}); nothing further is done"
                ) from None
            for inbox in self._inboxes:
                inbox(stamped)
        return stamped

    def close(self) -> None:
        """Flush and close the file. Idempotent."""
        with self._lock:
            if not self._file.closed:
                with suppress(OSError):  # the failed write of that line has raised already
                    self._file.close()


def _members(event: Event) -> str:
    """The members of an event's JSON object as text, except the time."""
    members = {name: value for name, value in to_json(event).items() if name != "t_s"}
    return json.dumps(members, ensure_ascii=False, allow_nan=False, separators=(",", ":"))[1:-1]


def read_events(path: Path) -> Iterator[Event]:
    """The events of a record, in order; a last line that was cut (full disk, SIGKILL) is left out.

    Raises JournalError if there is no record at `path`, its version is another one, or a line is missing, doubled,
    moved, altered or not an event.
    """
    chain, order = Chain(), TimeOrder()
    for number, (line, last) in enumerate(_lines(path), 1):
        data = read_frequent(line) or _parsed(path, number, line, last=last)
        if data is _CUT:
            return
        if number == 1:
            _check_version(path, data)
        yield _event(path, number, line, data, chain, order)


_CUT = object()


def _lines(path: Path) -> Iterator[tuple[str, bool]]:
    """The lines of the file, without their ends, and whether each is the last; a long record is never read whole."""
    try:
        with path.open("rb") as file:
            line = file.readline()
            while line:
                following = file.readline()
                yield line.removesuffix(b"\n").decode("utf-8", "replace"), not following
                line = following
    except OSError as error:
        why = f"no record can be read here ({error.strerror})"
        raise JournalError(f"{path}: {why}; name a run directory with record.jsonl") from None


def _parsed(path: Path, number: int, line: str, *, last: bool) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        if last:
            return _CUT
        raise JournalError(f"{path}:{number}: this line is not JSON; restore the record, or repeat the run") from None


def _check_version(path: Path, first: object) -> None:
    version = first.get("version") if isinstance(first, dict) else None
    if version == VERSION:
        return
    found = "has no format version" if version is None else f"has format version {version!r}"
    advice = f"this gameday reads version {VERSION}: judge it with the release that wrote it, or repeat the run"
    raise JournalError(f"{path}:1: the record {found}; {advice}")


def _event(path: Path, number: int, line: str, data: object, chain: Chain, order: TimeOrder) -> Event:
    try:
        event = _opened(line, data, chain)
        order.check(event)
    except (ChainError, FormatError) as error:
        raise JournalError(f"{path}:{number}: {error}; restore the record, or repeat the run") from None
    if (number == 1) is not isinstance(event, RunStarted):
        raise JournalError(f"{path}:{number}: `run-started` must be the first line, and only that; restore the record")
    return event


def _opened(line: str, data: object, chain: Chain) -> Event:
    if isinstance(data, Frequent):
        chain.check(line, data.seq)
        return data.event
    return from_json(chain.open(line, data) if isinstance(data, dict) else data)
