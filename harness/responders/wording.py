"""How the desk's answers are written for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from harness.record.incident import AlertAction
from harness.responders.command_end import CommandEnd
from harness.responders.desk import IncidentDesk
from harness.responders.sections import Section
from harness.responders.situation import Clock, DeskError, Situation
from harness.steps.step import Step
from harness.verdict.now import SloNow
from harness.verdict.quantities import show_number

HELP = """\
status             alerts, the document's clocks, SLOs now, and the time that is left
runbook [ID]       the runbooks of the document, or one of them, with the lines of its steps
document           the whole document
ack                acknowledge the alerts
investigate        say that you have begun to look for the cause
update TEXT        post an update, as on a status page
escalate [REASON]  hand the alerts to the next level
step LINE          run the documented step of this line
note TEXT          keep a note of an observer
resolve [TEXT]     say that the incident is over: the response ends, and the SLOs are judged
help               this text
Any other line is a command for the platform, such as `kubectl get pods`; the policy of the runbook's steps applies.
"""
_DONE: dict[AlertAction, str] = {
    "acknowledged": "acknowledged",
    "investigating": "investigation begun",
    "updated": "update posted",
    "escalated": "escalated",
    "mitigated": "mitigated",
    "resolved": "resolved",
}
_HOLDS = {True: "holds", False: "BROKEN", None: "undecided"}


def situation_text(situation: Situation) -> str:
    """The whole situation, one fact a line."""
    return "".join(f"{line}\n" for line in _situation(situation))


def _situation(situation: Situation) -> Iterator[str]:
    for alert in situation.alerts:
        yield f"{alert.priority}  {alert.text} (raised {duration(situation.now_s - alert.t_s)} ago)"
        yield from (f"    {clock_text(clock)}" for clock in situation.clocks if clock.alert == alert.alert)
    if not situation.alerts:
        yield "no alert is raised"
    first: dict[AlertAction, float] = {}
    for each in situation.handled:
        first.setdefault(each.action, each.t_s)
    yield from (f"✓ {_DONE[action]} {duration(situation.now_s - t_s)} ago" for action, t_s in first.items())
    yield from (slo_text(slo) for slo in situation.slos)
    ended = "the response has ended" if situation.closed else f"{duration(situation.left_s)} left"
    yield f"level {situation.level} · {ended}"


def clock_text(clock: Clock) -> str:
    """`line 40: Acknowledge the alert within 5 minutes: 4:12 left`."""
    return f"line {clock.line}: {clock.text}: {_left(clock)}"


def _left(clock: Clock) -> str:
    if clock.done:
        return "met" if clock.left_s >= 0 else f"missed by {duration(-clock.left_s)}"
    return f"{duration(clock.left_s)} left" if clock.left_s >= 0 else f"over by {duration(-clock.left_s)}"


def slo_text(slo: SloNow) -> str:
    """`gateway latency: 312 ms, p95(gateway) < 500ms: holds`."""
    value = "no data" if slo.value is None else show_number(slo.value, slo.unit)
    return f"{slo.name}: {value}, {slo.objective}: {_HOLDS[slo.holds]}"


def duration(seconds: float) -> str:
    """`4:05` for minutes and seconds, `1:04:05` with hours."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def sheet_text(desk: IncidentDesk, wanted: str) -> str:
    """The runbooks with their symptoms, or the steps of one, named by its id. Raises DeskError for an unknown id."""
    if not wanted:
        return "".join(f"{line}\n" for section in desk.sections for line in _summary(section))
    found = next((each for each in desk.sections if each.id.casefold() == wanted.casefold()), None)
    if found is None:
        raise DeskError(f"the document has no runbook {wanted}; `runbook` shows all")
    return "".join(f"{line}\n" for line in (*_summary(found), *map(_step, found.steps)))


def _summary(section: Section) -> Iterator[str]:
    yield f"{section.id or 'general'}  {section.title} (line {section.line}, {len(section.steps)} steps)"
    yield from (f"    symptom: {text}" for text in section.symptoms)


def _step(step: Step) -> str:
    text = " ".join((step.shown or step.text).split())
    why = "; ".join((*step.refusals, *(f"`{name}` has no binding" for name in step.missing)))
    note = "  (by hand)" if step.purpose == "manual" else f"  (refused: {why})" if why else ""
    return f"  step {step.line:<5} {text}{note}"


def end_text(end: CommandEnd) -> str:
    """The output of a command, and what it changed."""
    changed = "".join(f"changed: {each}\n" for each in end.changed)
    return f"{end.stdout}{end.stderr}{changed}"
