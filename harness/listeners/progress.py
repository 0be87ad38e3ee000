"""The progress display of a run: a line per event, and how far the present phase is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TextIO

from harness.listeners.screen import Screen
from harness.record.event import DrillEvent, Event
from harness.record.events import (
    ControlPlanned,
    Crashed,
    DrillEnded,
    DrillInterrupted,
    DrillStarted,
    FaultApplied,
    FaultReverted,
    FindingNoted,
    LoadCounted,
    LoadLost,
    PhaseEnded,
    PhaseExtended,
    PhaseName,
    PhaseStarted,
    StepExecuted,
)
from harness.record.incident import AlertHandled, AlertRaised
from harness.record.steps import StepFacts
from harness.report.format import MARKS, show_interval
from harness.verdict.judge import Judge
from harness.verdict.progress import Progress, Row, progress
from harness.verdict.quantities import show_measurement
from harness.verdict.steps import judge_step

ReadJudge = Callable[[str], AbstractContextManager[Judge]]
STATUS_EVERY_S, LOG_EVERY_S = 0.25, 2.0
WAITS: Mapping[PhaseName, str] = {
    "control-prepare": "starting the platform for the control",
    "control-baseline": "waiting until every SLO holds on the control",
    "control-incident": "observing the control, without a response",
    "prepare": "starting the platforms",
    "baseline": "waiting until every SLO holds",
    "symptoms": "waiting for the documented symptoms",
    "response": "responding to the incident",
    "recovery": "waiting for the SLOs to recover",
    "control": "checking that the control is still broken",
    "general": "executing the general commands",
    "after-revert": "fault reverted; checking that the SLOs hold",
}
"""What a drill does in each phase that takes a while."""
_ANSWERS: Mapping[tuple[PhaseName, bool], tuple[str, str]] = {
    ("control-baseline", True): ("✓", "every SLO holds on the control"),
    ("control-baseline", False): ("✗", "an SLO is broken on the control before the fault"),
    ("control-incident", True): ("✓", "the control was observed"),
    ("control-incident", False): ("✗", "the fault broke no SLO on the control"),
    ("baseline", True): ("✓", "every SLO holds"),
    ("baseline", False): ("✗", "an SLO is broken before the fault"),
    ("symptoms", True): ("✓", "all symptoms are present"),
    ("recovery", True): ("✓", "the SLOs recovered"),
    ("control", True): ("✓", "the control stayed broken"),
    ("control", False): ("✗", "the recovery cannot be credited to the runbook"),
    ("after-revert", True): ("✓", "every SLO holds"),
}


class Live:
    """Writes the events of a run to a stream.

    At a terminal the last line shows how far the phase is, and is rewritten; elsewhere such a line follows every two
    seconds. `judge` gives the judge of a drill, the one that the drill itself uses. `columns`: width of the terminal.
    """

    def __init__(self, judge: ReadJudge, stream: TextIO, columns: int = 120) -> None:
        self._judge, self._screen = judge, Screen(stream, columns)
        self._began_s: float | None = None
        self._phase_began_s: dict[str, float] = {}
        self._shown_s: dict[str, float] = {}
        self._symptoms_shown: set[tuple[str, int]] = set()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        self._began_s = self._began_s or event.t_s
        match event:
            case DrillStarted():
                self._print(event, f"{event.title}: {event.fault}")
            case PhaseStarted():
                self._phase_started(event)
            case PhaseExtended():
                self._print(event, f"   {event.phase}: {event.more_s:.0f} s more than its limit, to be decided")
            case PhaseEnded():
                self._phase_ended(event)
            case DrillEnded():
                self._screen.status(event.drill, None)
            case LoadCounted():
                self._show_symptoms(event)
                self._show_progress(event)
            case DrillEvent() if text := text_of(event):
                self._print(event, text)

    def _line(self, event: DrillEvent, text: str) -> str:
        return f"{event.t_s - (self._began_s or 0):6.1f} s  {event.drill:<15} {text}"

    def _print(self, event: DrillEvent, text: str) -> None:
        self._screen.print(self._line(event, text))

    def _phase_started(self, event: PhaseStarted) -> None:
        self._phase_began_s[event.drill] = event.t_s
        limit = f" (at most {event.limit_s:.0f} s)" if event.limit_s else ""
        if event.phase in WAITS:
            self._print(event, f"── {event.phase}: {WAITS[event.phase]}{limit}")

    def _phase_ended(self, event: PhaseEnded) -> None:
        self._screen.status(event.drill, None)
        if event.decides:
            self._print(event, conclusion(event, event.t_s - self._phase_began_s[event.drill]))

    def _show_symptoms(self, event: LoadCounted) -> None:
        with self._judge(event.drill) as judge:
            seen = [(number, judge.state.symptoms[number]) for number in sorted(judge.state.symptoms_seen_s)]
        for number, symptom in seen:
            if (event.drill, number) not in self._symptoms_shown:
                self._symptoms_shown.add((event.drill, number))
                self._print(event, f" ✓ symptom seen: line {symptom.line}: {symptom.text}")

    def _show_progress(self, event: LoadCounted) -> None:
        every_s = STATUS_EVERY_S if self._screen.lively else LOG_EVERY_S
        if event.t_s - self._shown_s.get(event.drill, 0.0) < every_s:
            return
        if text := progress_text(self._judge, event.drill):
            self._shown_s[event.drill] = event.t_s
            line = self._line(event, text)
            if self._screen.lively:
                self._screen.status(event.drill, line)
            else:
                self._screen.print(line)


def text_of(event: DrillEvent) -> str:
    """The line that shows an event which needs no judge; empty: it is not shown."""
    text = ""
    match event:
        case ControlPlanned():
            text = f"   sequential control, on one platform: {event.why}"
        case FaultApplied():
            text = f"── fault: {event.text}, on the {event.side}"
        case StepExecuted():
            text = _step(event.facts)
        case FaultReverted():
            where = f"on the {event.side}"
            text = f" ✓ fault reverted {where}" if event.ok else f" ✗ revert failed {where}: {event.why}"
        case Crashed():
            text = f" ✗ {event.text}"
        case DrillInterrupted():
            text = " ✗ interrupted: reverting the fault"
        case LoadLost():
            text = f" ✗ {event.side}: {event.why}"
        case FindingNoted():
            text = f" ? {event.text}"
        case AlertRaised() | AlertHandled():
            text = _alert(event)
    return text


def _alert(event: AlertRaised | AlertHandled) -> str:
    if isinstance(event, AlertRaised):
        return f" ✗ alert {event.alert}, {event.priority}: {event.text}"
    level = f" to level {event.level}" if event.action == "escalated" else ""
    return f"   alert {event.alert} {event.action}{level} by {event.by}{f': {event.text}' if event.text else ''}"


def _step(facts: StepFacts) -> str:
    """The line for an executed step, with its verdict."""
    verdict, why = judge_step(facts)
    text = " ".join(facts.text.split())
    text = text if len(text) < 60 else text[:59] + "…"
    return f" {MARKS[verdict]} line {facts.line} {facts.kind} {text}: {' '.join(why.split())}"


def progress_text(read_judge: ReadJudge, drill: str) -> str:
    """How far the present phase of a drill is, indented; empty: it waits for no condition."""
    with read_judge(drill) as judge:
        known = progress(judge.state)
    return f"   {_progress(known)}" if known is not None and known.rows else ""


def _progress(known: Progress) -> str:
    """The estimated time left, then the conditions that the phase still waits for."""
    more = "" if known.more_s is None else f"about {max(1.0, known.more_s):.0f} s more · "
    waited_for = [row for row in known.rows if not row.settled] or list(known.rows)
    return more + " · ".join(_row(row) for row in waited_for)


def _row(row: Row) -> str:
    """`gateway latency 179 ms [171, 188] < 500ms`."""
    unit, limit = row.condition.unit, row.condition.text.rpartition(")")[2].strip()
    interval = show_interval(row.measurement, unit) if row.measurement.alpha else ""
    return f"{row.name} {show_measurement(row.measurement, unit)} {interval} {limit}".replace("  ", " ")


def conclusion(event: PhaseEnded, seconds: float) -> str:
    """The line for the end of a phase that waits for a decision; `seconds`: how long it took."""
    cost = f"{seconds:.1f} s"
    if event.answer is None:
        return f" ? {event.phase}: undecided at its limit, after {cost}: still waiting for {event.waiting_for}"
    mark, text = _ANSWERS[event.phase, event.answer]
    return f" {mark} {event.phase}: {text}, decided after {cost}"
