"""Judges the rows of the document's alert and escalation procedures by the alerts of the drills. Pure.

A row decides no drill: `docs/explanation/alerts.md` says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from harness.record.incident import AlertAction, ProcedureRow
from harness.verdict.alerts import AlertResult
from harness.verdict.result import DrillResult

RowVerdict = Literal["missed", "met", "reached", "not reached", "manual", "not applicable"]
_WORST_FIRST: Final[tuple[RowVerdict, ...]] = ("missed", "met", "reached", "not reached", "manual", "not applicable")
_WORDS: Final[dict[AlertAction, str]] = {
    "acknowledged": "acknowledged",
    "investigating": "investigation begun",
    "updated": "first update posted",
    "escalated": "escalated",
    "mitigated": "mitigated",
    "resolved": "resolved",
}


@dataclass(frozen=True)
class RowInDrill:
    """A row in one drill: its verdict, the reason, and the measured time from the alert on, in seconds."""

    runbook: str
    verdict: RowVerdict
    why: str
    seconds: float | None = None


@dataclass(frozen=True)
class RowResult:
    """A row of a procedure in all drills of a run."""

    row: ProcedureRow
    drills: tuple[RowInDrill, ...]

    @property
    def verdict(self) -> RowVerdict:
        """That of the drills: a missed time limit first, and what says most."""
        return min((each.verdict for each in self.drills), key=_WORST_FIRST.index, default="not applicable")

    @property
    def deciding(self) -> tuple[RowInDrill, ...]:
        """The drills that have this verdict."""
        return tuple(each for each in self.drills if each.verdict == self.verdict)


def judge_rows(rows: Sequence[ProcedureRow], drills: Sequence[DrillResult]) -> tuple[RowResult, ...]:
    """Each row in each drill with alerts; nothing for a record without alerts."""
    alerted = [drill for drill in drills if drill.alerts]
    return tuple(RowResult(row, tuple(_judge(row, drill) for drill in alerted)) for row in rows) if alerted else ()


def _judge(row: ProcedureRow, drill: DrillResult) -> RowInDrill:
    judge = _alert_row if row.kind == "alert" else _escalation_row
    return judge(row, drill.runbook, drill.alerts)


def _alert_row(row: ProcedureRow, runbook: str, alerts: Sequence[AlertResult]) -> RowInDrill:
    concerned = [alert for alert in alerts if row.priority in (None, alert.priority)]
    if not concerned:
        return RowInDrill(runbook, "not applicable", f"no alert had the priority {row.priority}")
    times = [alert.after_s(row.action) if row.action else None for alert in concerned]
    done = [seconds for seconds in times if seconds is not None]
    longest = max(done, default=None)
    if row.deadline_s is None or row.action is None:
        return RowInDrill(runbook, "manual", _by_hand(row, longest), longest)
    if len(done) == len(times) and longest is not None:
        return _timed(row.deadline_s, runbook, _WORDS[row.action], longest)
    waited = max(alert.open_s for alert, seconds in zip(concerned, times, strict=True) if seconds is None)
    if waited > row.deadline_s:
        return RowInDrill(runbook, "missed", f"not {_WORDS[row.action]} for {_limit(waited, row.deadline_s)}")
    return RowInDrill(runbook, "not applicable", f"the incident ended after {_limit(waited, row.deadline_s)}")


def _by_hand(row: ProcedureRow, seconds: float | None) -> str:
    why = "it has no time limit" if row.deadline_s is None else "its words do not say what the time limit is for"
    done = f"; {_WORDS[row.action]} after {seconds:.1f} s" if row.action and seconds is not None else ""
    return f"only a person can follow it: {why}{done}"


def _escalation_row(row: ProcedureRow, runbook: str, alerts: Sequence[AlertResult]) -> RowInDrill:
    if row.level is None:
        return RowInDrill(runbook, "manual", "only a person can follow it: it is for no level")
    reached = [seconds for alert in alerts if (seconds := alert.level_after_s(row.level)) is not None]
    if not reached:
        return RowInDrill(runbook, "not reached", f"level {row.level} was not needed")
    what = f"level {row.level} reached"
    if row.deadline_s is not None:
        return _timed(row.deadline_s, runbook, what, max(reached))
    return RowInDrill(runbook, "reached", f"{what} after {min(reached):.1f} s", min(reached))


def _timed(deadline_s: float, runbook: str, what: str, seconds: float) -> RowInDrill:
    verdict: RowVerdict = "met" if seconds <= deadline_s else "missed"
    return RowInDrill(runbook, verdict, f"{what} after {_limit(seconds, deadline_s)}", seconds)


def _limit(seconds: float, deadline_s: float) -> str:
    return f"{seconds:.1f} s (limit {deadline_s:g} s)"
