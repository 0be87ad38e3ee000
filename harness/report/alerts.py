"""Alerts and rows of procedures as words: shared by the report formats for people. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from harness.record.incident import AlertAction
from harness.report.format import MARKS, one_line
from harness.verdict.alerts import AlertResult
from harness.verdict.procedures import RowResult

CLOCKS: tuple[AlertAction, ...] = ("acknowledged", "investigating", "mitigated", "resolved")
"""The actions that a table of alerts has a column for."""
_SAID = ("missed", "met", "reached")
"""The verdicts of rows that a short report has a line for."""


def clock(alert: AlertResult, action: AlertAction) -> str:
    """`8.2 s` from the alert on, or `–`."""
    seconds = alert.after_s(action)
    return "–" if seconds is None else f"{seconds:.1f} s"


def level(alert: AlertResult) -> int:
    """The highest escalation level that handled an alert; 0: none did."""
    return max((each.level for each in alert.handled if each.action != "mitigated"), default=0)


def show_alert(alert: AlertResult) -> str:
    """`P0 4.1 s after the fault: …; acknowledged after 8.2 s, … (level 1)`, on one line."""
    clocks = ", ".join(f"{action} {clock(alert, action)}" for action in CLOCKS)
    return one_line(
        f"{alert.priority} {alert.raised_s:.1f} s after the fault: {alert.text}; {clocks} (level {level(alert)})"
    )


def show_row(row: RowResult) -> str:
    """`✓ line 214 P0 Acknowledge …: TIMEOUT: acknowledged after 8.2 s (limit 300 s)`, on one line."""
    whom = " ".join(filter(None, [row.row.priority, f"level {row.row.level}" if row.row.level else None]))
    return one_line(f"{MARKS[row.verdict]} line {row.row.line} {whom}: {row.row.text}: {reasons(row)}")


def reasons(row: RowResult) -> str:
    """The reason of each drill that decided a row's verdict, behind its id; equal ones once."""
    by_why: dict[str, list[str]] = {}
    for each in row.deciding:
        by_why.setdefault(each.why, []).append(each.runbook)
    return "; ".join(f"{', '.join(names)}: {why}" for why, names in by_why.items())


def said(rows: Sequence[RowResult]) -> list[RowResult]:
    """The rows that were met, missed or reached, the missed ones first."""
    return sorted((row for row in rows if row.verdict in _SAID), key=lambda row: _SAID.index(row.verdict))


def counts(rows: Sequence[RowResult]) -> str:
    """`3 met, 1 missed, 17 manual`."""
    return ", ".join(_counted(Counter(row.verdict for row in rows)))


def _counted(found: Counter[str]) -> Iterator[str]:
    for verdict in ("missed", "met", "reached", "not reached", "manual", "not applicable"):
        if found[verdict]:
            yield f"{found[verdict]} {verdict}"
