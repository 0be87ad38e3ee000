"""Turns the events of a run into the messages of its page."""

from __future__ import annotations

from dataclasses import asdict

from harness.listeners.progress import ReadJudge, conclusion
from harness.listeners.web.feed import Feed
from harness.listeners.web.hiding import HIDDEN
from harness.listeners.web.points import points
from harness.listeners.web.status import status
from harness.listeners.web.story import Mark, line_of, marked
from harness.record.event import DrillEvent, Event
from harness.record.events import (
    DrillEnded,
    DrillStarted,
    FaultApplied,
    FaultReverted,
    FindingNoted,
    LoadCounted,
    PhaseEnded,
    PhaseStarted,
    ProbeSampled,
    RunEnded,
    StepExecuted,
)
from harness.record.incident import AlertHandled, AlertRaised
from harness.record.steps import StepFacts
from harness.report.format import MARKS
from harness.verdict.steps import judge_step

STATUS_EVERY_S = 0.5
REVEALING = (DrillStarted, FaultApplied, FaultReverted, FindingNoted)
"""Events whose text shows what a hidden fault is."""


class Messages:
    """A listener: puts what a page shows of each event into its feed.

    `judge` gives the judge of a drill. `final`: no other run follows on the same page. `hidden`: neither fault nor
    runbook may be shown before the drill has ended.
    """

    def __init__(self, judge: ReadJudge, feed: Feed, *, final: bool = True, hidden: bool = False) -> None:
        self._judge, self._feed, self._final, self._hidden = judge, feed, final, hidden
        self._lines = 0
        self._phase_began_s: dict[str, float] = {}
        self._shown_s: dict[str, float] = {}
        self._alerts: dict[tuple[str, str], dict[str, object]] = {}

    def __call__(self, event: Event) -> None:
        """Show one event."""
        match event:
            case RunEnded():
                self._feed.put("end", "end", {"final": self._final})
            case PhaseEnded() if event.decides:
                self._conclude(event)
            case StepExecuted():
                self._step(event)
            case AlertRaised(of_prometheus=False) | AlertHandled():
                self._alert(event)
        if isinstance(event, PhaseStarted):
            self._phase_began_s[event.drill] = event.t_s
        if isinstance(event, DrillEvent):
            self._line(event, None if self._hidden and isinstance(event, REVEALING) else line_of(event))
            self._show(event)

    def _line(self, event: DrillEvent, line: tuple[Mark, str] | None) -> None:
        if line is not None:
            self._lines += 1
            mark, text = line
            shown = {"t": event.t_s, "drill": self._shown_id(event), "mark": mark, "text": text}
            self._feed.put(f"line/{self._lines}", "line", shown)

    def _conclude(self, event: PhaseEnded) -> None:
        """The line for the end of a phase that waited for a decision."""
        seconds = event.t_s - self._phase_began_s.get(event.drill, event.t_s)
        self._line(event, marked(conclusion(event, seconds)))

    def _step(self, event: StepExecuted) -> None:
        facts = event.facts
        verdict, why = judge_step(facts)
        self._line(event, marked(f"{MARKS[verdict]} line {facts.line}: {why}"))
        shown = {**_executed(event, verdict, why), "drill": self._shown_id(event)}
        self._feed.put(f"step/{event.drill}/{event.t_s}/{facts.line}", "step", shown)

    def _alert(self, event: AlertRaised | AlertHandled) -> None:
        """The alert with everything that was done about it so far."""
        key = (event.drill, event.alert)
        if isinstance(event, AlertRaised):
            raised: dict[str, object] = {name: value for name, value in asdict(event).items() if name != "t_s"}
            self._alerts[key] = {**raised, "drill": self._shown_id(event), "raised": event.t_s, "handled": []}
        known = self._alerts.get(key)
        if known is None:
            return
        if isinstance(event, AlertHandled):
            done = {"t": event.t_s, "action": event.action, "by": event.by, "level": event.level, "text": event.text}
            handled = known["handled"]
            assert isinstance(handled, list)
            known["handled"] = [*handled, done]
        self._feed.put(f"alert/{event.drill}/{event.alert}", "alert", known)

    def _show(self, event: DrillEvent) -> None:
        """Show the present state of the drill: at every change of it, and twice a second while figures come in."""
        often = isinstance(event, LoadCounted | ProbeSampled)
        if often and event.t_s - self._shown_s.get(event.drill, 0.0) < STATUS_EVERY_S:
            return
        if not often and not isinstance(event, DrillStarted | DrillEnded | PhaseStarted | PhaseEnded | StepExecuted):
            return
        self._shown_s[event.drill] = event.t_s
        with self._judge(event.drill) as judge:
            shown, drawn = status(judge.state), list(points(judge.state))
        if self._hidden:
            shown = {**shown, "drill": HIDDEN, "symptoms": []}
        self._feed.put(f"status/{event.drill}", "status", shown)
        for each in drawn:
            self._feed.put(f"point/{event.drill}/{each['at']}", "point", {"drill": self._shown_id(event), **each})

    def _shown_id(self, event: DrillEvent) -> str:
        """The id of the drill on the page."""
        return HIDDEN if self._hidden else event.drill


def _executed(event: StepExecuted, verdict: str, why: str) -> dict[str, object]:
    """A step that was executed, with its output and what it changed."""
    facts: StepFacts = event.facts
    return {
        "t": event.t_s, "drill": event.drill, "number": facts.number, "line": facts.line, "kind": facts.kind,
        "text": facts.text, "bound": facts.bound, "verdict": verdict, "why": why, "status": facts.exit_status,
        "seconds": round(facts.seconds, 1), "changed": facts.changed, "stdout": facts.stdout, "stderr": facts.stderr,
        "notes": facts.notes,
    }  # fmt: skip
