"""How an incident stands: alerts, the document's clocks, SLOs, and what was done. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.errors import GamedayError
from harness.model import Document
from harness.record.incident import AlertAction, AlertRaised
from harness.verdict.now import SloNow


class DeskError(GamedayError):
    """An action at the desk that cannot be done now, and why."""


@dataclass(frozen=True)
class Clock:
    """The time limit of one row of the document for an alert."""

    alert: str
    line: int
    text: str
    limit_s: float
    left_s: float
    """Seconds that are left; negative: it is over by so many."""


@dataclass(frozen=True)
class Situation:
    """An incident at one moment; times in seconds since the epoch."""

    now_s: float
    alerts: tuple[AlertRaised, ...]
    clocks: tuple[Clock, ...]
    slos: tuple[SloNow, ...]
    done: Mapping[tuple[str, AlertAction], float]
    """By alert and action, when that was done first."""
    level: int
    """Escalation level that handles the alerts."""
    resolved: bool
    closed: bool
    """Whether the response has ended."""
    left_s: float
    """Seconds that are left for the response."""


def clocks(alert: AlertRaised, document: Document, now_s: float) -> Iterator[Clock]:
    """The clocks of an alert: the rows of the document for its priority that have a time limit."""
    for row in document.alerts:
        if row.deadline_s is not None and row.priority == alert.priority:
            left_s = alert.t_s + row.deadline_s - now_s
            yield Clock(alert.alert, row.line, row.text, row.deadline_s, left_s)
