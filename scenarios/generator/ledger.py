"""Counts of arrivals by series and time slice of the intended start, returned as deltas.

Every arrival has one ticket per series from the moment it is due until its outcome is known. A ticket is settled once:
ok with its latency, or bad with a kind. No arrival is dropped: the driver settles those that are outstanding when the
load stops as `unfinished`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypedDict

from . import clock, histogram

LATE_S = 0.1
UNFINISHED = "unfinished"
"""Kind of bad of an arrival that is outstanding when the load stops."""

SLICE_S = 0.25
"""Width of a slice; a power of two, so that its multiples are exact as floats."""


class Delta(TypedDict):
    """One entry of `deltas` in the stream."""

    series: str
    at: float
    sent: int
    ok: int
    bad: dict[str, int]
    over: dict[str, int]
    late: int
    unsent: int
    hist: dict[str, int]


@dataclass(eq=False, slots=True)
class Ticket:
    """One arrival in one series; `due_s` on `clock.now()`, `passed` the thresholds that it is known to exceed.

    `number` counts the arrivals of the process from 1, in the order in which they were due.
    The sender sets `went` once the request is on its way: an arrival without it certainly never reached the server.
    """

    series: str
    due_s: float
    slice: int
    number: int
    passed: int = 0
    went: bool = False


@dataclass(slots=True)
class _Cell:
    sent: int = 0
    ok: int = 0
    late: int = 0
    unsent: int = 0
    bad: Counter[str] = field(default_factory=Counter)
    over: Counter[int] = field(default_factory=Counter)
    hist: dict[int, int] = field(default_factory=dict)


class Ledger:
    """Counts of one process; `thresholds_ms` in ascending order."""

    def __init__(self, thresholds_ms: tuple[int, ...]) -> None:
        self._thresholds_ms = thresholds_ms
        self._cells: dict[tuple[str, int], _Cell] = {}
        self._open: dict[Ticket, None] = {}  # in order of opening, which is nearly the order of due times
        self.sent: Counter[str] = Counter()  # as of the last `take`
        self.unsent: Counter[str] = Counter()
        self.unfinished: Counter[str] = Counter()
        self._late_s: list[float] = []
        self._arrivals = 0

    def due(self, series: Iterable[str], due_s: float) -> tuple[Ticket, ...]:
        """Count an arrival as sent in each series; return its tickets."""
        slot = _slice(clock.epoch_s(due_s))
        self._arrivals += 1
        tickets = []
        for name in series:
            ticket = Ticket(name, due_s, slot, self._arrivals)
            tickets.append(ticket)
            self._at(name, slot).sent += 1
            self._open[ticket] = None
        return tuple(tickets)

    def started(self, tickets: tuple[Ticket, ...], now_s: float) -> bool:
        """Note the start of an arrival; return whether it was too long after its intended start."""
        if now_s - tickets[0].due_s <= LATE_S:
            return False
        for ticket in tickets:
            self._cell(ticket).late += 1
        self._late_s.append(now_s - tickets[0].due_s)
        return True

    def take_late(self) -> list[float]:
        """Return the lateness in seconds of each late arrival since the last call."""
        late_s, self._late_s = self._late_s, []
        return late_s

    def settle(self, ticket: Ticket, now_s: float, bad: str | None = None) -> None:
        """Settle a ticket as bad, or as ok with the latency since it was due. Idempotent: the first call counts."""
        if self._open.pop(ticket, True):
            return
        cell = self._at(ticket.series, ticket.slice)
        latency_s = now_s - ticket.due_s
        if bad is None:
            cell.ok += 1
            bucket = histogram.index(round(latency_s * 1e6))
            cell.hist[bucket] = cell.hist.get(bucket, 0) + 1
        else:
            cell.bad[bad] += 1
            self._count_lost(ticket, cell, bad)
            latency_s = math.inf
        if ticket.passed < len(self._thresholds_ms):
            self._count_over(ticket, latency_s * 1e3)

    def _count_lost(self, ticket: Ticket, cell: _Cell, bad: str) -> None:
        self.unfinished[ticket.series] += bad == UNFINISHED
        if not ticket.went:
            cell.unsent += 1
            self.unsent[ticket.series] += 1

    def outstanding_s(self, series: str, now_s: float) -> list[float]:
        """Return the ages in seconds of the arrivals of a series that are due and have no outcome yet."""
        return [now_s - ticket.due_s for ticket in self._open if ticket.series == series]

    def received(self, series: str, at_epoch_s: float, latency_s: float) -> None:
        """Count one event without a ticket as ok."""
        self._tally(series, at_epoch_s, 1, latency_s)

    def lost(self, series: str, at_epoch_s: float, count: int, kind: str) -> None:
        """Count events without a ticket as bad, with their kind."""
        self._tally(series, at_epoch_s, count, None, kind)

    def take(self, now_s: float) -> list[Delta]:
        """Return the deltas since the last call; an arrival outstanding past a threshold is counted as over it."""
        for ticket in self._open:
            self._count_over(ticket, (now_s - ticket.due_s) * 1e3)
        cells, self._cells = self._cells, {}
        for (series, _), cell in cells.items():
            self.sent[series] += cell.sent
        return [_delta(series, number, cell) for (series, number), cell in cells.items()]

    def _cell(self, ticket: Ticket) -> _Cell:
        return self._at(ticket.series, ticket.slice)

    def _at(self, series: str, number: int) -> _Cell:
        cell = self._cells.get((series, number))
        if cell is None:
            cell = self._cells[series, number] = _Cell()
        return cell

    def _count_over(self, ticket: Ticket, age_ms: float) -> None:
        while ticket.passed < len(self._thresholds_ms) and age_ms > self._thresholds_ms[ticket.passed]:
            self._cell(ticket).over[self._thresholds_ms[ticket.passed]] += 1
            ticket.passed += 1

    def _tally(self, series: str, at_epoch_s: float, count: int, latency_s: float | None, kind: str = "") -> None:
        cell = self._at(series, _slice(at_epoch_s))
        cell.sent += count
        if latency_s is None:
            cell.bad[kind] += count
        else:
            cell.ok += count
            bucket = histogram.index(round(latency_s * 1e6))
            cell.hist[bucket] = cell.hist.get(bucket, 0) + count
        for threshold_ms in self._thresholds_ms:
            if latency_s is None or latency_s * 1e3 > threshold_ms:
                cell.over[threshold_ms] += count


def _slice(epoch_s: float) -> int:
    return int(epoch_s // SLICE_S)


def _delta(series: str, number: int, cell: _Cell) -> Delta:
    return {
        "series": series,
        "at": number * SLICE_S,
        "sent": cell.sent,
        "ok": cell.ok,
        "bad": dict(cell.bad),
        "over": {str(threshold_ms): count for threshold_ms, count in cell.over.items()},
        "late": cell.late,
        "unsent": cell.unsent,
        "hist": {str(bucket): count for bucket, count in cell.hist.items()},
    }
