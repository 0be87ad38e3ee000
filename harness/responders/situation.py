"""How an incident stands: alerts, the document's clocks, SLOs, and what was done. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.errors import GamedayError
from harness.model import Document
from harness.record.incident import AlertHandled, AlertRaised
from harness.runbook.alerting import asked_action
from harness.verdict.alert_log import AlertLog
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
    """Seconds that are, or were, left; negative: it is over by so many."""
    done: bool
    """Whether what the row asks for was done, so that the clock has stopped."""


@dataclass(frozen=True)
class Situation:
    """An incident at one moment; times in seconds since the epoch."""

    now_s: float
    alerts: tuple[AlertRaised, ...]
    clocks: tuple[Clock, ...]
    slos: tuple[SloNow, ...]
    handled: tuple[AlertHandled, ...]
    """What was done about the alerts, in order."""
    level: int
    """Escalation level that handles the alerts."""
    resolved: bool
    closed: bool
    """Whether the response has ended."""
    left_s: float
    """Seconds that are left for the response."""


def clocks(log: AlertLog, document: Document, now_s: float) -> Iterator[Clock]:
    """The clocks of the alerts: for each, the rows of the document for its priority that have a time limit."""
    for alert in log.raised:
        for row in document.alerts:
            if row.deadline_s is not None and row.priority in (None, alert.priority):
                action = asked_action(row)
                own = (each for each in log.handled if each.alert == alert.alert and each.action == action)
                done_s = next((each.t_s for each in own), None)
                left_s = alert.t_s + row.deadline_s - (now_s if done_s is None else done_s)
                yield Clock(alert.alert, row.line, row.text, row.deadline_s, left_s, done_s is not None)
