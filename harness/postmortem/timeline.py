"""What the record of a drill knows of the incident's times. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from harness.record.incident import AlertAction
from harness.report.markdown_text import code
from harness.verdict.result import DrillResult

UNKNOWN = "________"
"""A field that a person fills in."""


@dataclass(frozen=True)
class Moment:
    """One line of an incident's timeline; `at_s` is in seconds since the epoch, None where the record has no time."""

    what: str
    at_s: float | None
    since_fault_s: float | None
    evidence: str

    @property
    def clock(self) -> str:
        """The time of the clock in UTC; a field to fill in where it is not known."""
        if self.at_s is None:
            return UNKNOWN
        return datetime.fromtimestamp(self.at_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


def moments(drill: DrillResult) -> Iterator[Moment]:
    """The incident's milestones: began, raised, acknowledged, mitigated, resolved; each with its evidence."""
    times, applied = drill.times, any(phase.phase == "fault" for phase in drill.phases)
    yield _at(drill, "began", 0.0 if applied else None, "the fault was active on the treatment")
    yield _raised(drill)
    yield _done(drill, "acknowledged", min) or _began(drill)
    yield _at(drill, "mitigated", times.recover_s, "the SLOs began to hold again, with the fault still active")
    yield _done(drill, "resolved", max) or _at(
        drill, "resolved", _resolved(drill), "the fault was reverted, and the SLOs held"
    )


def _raised(drill: DrillResult) -> Moment:
    """The first alert; the first symptom in a record of a release that raised none."""
    if drill.alerts:
        first = drill.alerts[0]
        return _at(drill, "raised", first.raised_s, code(f"{first.priority}: {first.text}"))
    return _at(drill, "raised", drill.times.detect_s, "the first documented symptom was observed")


def _began(drill: DrillResult) -> Moment:
    evidence = "the responder began: gameday, with the steps of the runbook"
    return _at(drill, "acknowledged", _begin(drill, "response"), evidence)


def _done(drill: DrillResult, action: AlertAction, which: Callable[[list[float]], float]) -> Moment | None:
    """The earliest or latest time at which this was done about the alerts; None if it was not for one of them."""
    found = [(alert.raised_s + after, alert) for alert in drill.alerts if (after := alert.after_s(action)) is not None]
    if not found or len(found) < len(drill.alerts):
        return None
    by = dict.fromkeys(each.by for alert in drill.alerts for each in alert.handled if each.action == action)
    return _at(drill, action, round(which([at for at, _ in found]), 2), f"by {code(', '.join(by))}")


def _at(drill: DrillResult, what: str, since_s: float | None, evidence: str) -> Moment:
    if since_s is None:
        return Moment(what, None, None, "not in the record")
    return Moment(what, drill.charts.zero_s + since_s, since_s, evidence)


def _begin(drill: DrillResult, name: str) -> float | None:
    return next((phase.begin_s for phase in drill.charts.phases if phase.name == name), None)


def _resolved(drill: DrillResult) -> float | None:
    """The end of the phase after the revert, if the SLOs held in it."""
    held = any(phase.phase == "after-revert" and phase.answer for phase in drill.phases)
    ends = [phase.end_s for phase in drill.charts.phases if phase.name == "after-revert"]
    return ends[0] if held and ends else None
