"""What is happening, a line an event, while it happens."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from typing import Any, TextIO

from harness.listeners.screen import Screen
from harness.report.format import MARKS, show_interval
from harness.verdict.judge import Judge
from harness.verdict.progress import Progress, Row, progress
from harness.verdict.quantities import show_reading
from harness.verdict.state import CONTROL, TREATMENT, DrillState
from harness.verdict.steps import StepFacts, judge_step

STATUS_EVERY_S, LOG_EVERY_S = 0.25, 2.0
_WAITS = {
    "prepare": "bringing up the platform and its control",
    "baseline": "waiting for the steady state: every SLO holds",
    "symptoms": "waiting for the documented symptoms",
    "response": "following the runbook",
    "recovery": "waiting for the SLOs to come back",
    "control": "looking at the control that nobody answered",
    "general": "the general section, as second level's diagnosis",
    "after-revert": "fault reverted; the SLOs must still hold",
}


_ANSWERS = {
    ("baseline", True): ("✓", "every SLO holds"),
    ("baseline", False): ("✗", "an SLO is broken before anything was done"),
    ("symptoms", True): ("✓", "all symptoms are there"),
    ("recovery", True): ("✓", "the SLOs came back"),
    ("control", True): ("✓", "the control stayed broken"),
    ("control", False): ("✗", "the control healed by itself"),
    ("after-revert", True): ("✓", "every SLO holds"),
}


class Live:
    """Prints the events of a journal to a stream (stderr), and what the phase under way knows so far: at a terminal in
    a line that is rewritten, elsewhere in a plain line every two seconds."""

    def __init__(self, stream: TextIO | None = None, columns: int = 120) -> None:
        self._screen = Screen(stream or sys.stderr, columns)
        self._lock = threading.Lock()
        self._began: float | None = None
        self._judges: dict[str, Judge] = {}
        self._told_s: dict[str, float] = {}
        self._symptoms_shown: set[tuple[str, int]] = set()

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Listen to one event."""
        with self._lock:
            self._began = self._began or event["t"]
            drill = event.get("drill", "")
            if event["ev"] == "drill":
                self._judges[drill] = Judge(event)
                self._say(event, f"{event['title']}: {event['fault']}")
            elif drill in self._judges:
                self._judges[drill].add(event)
            tell = getattr(self, f"_on_{event['ev'].replace('-', '_')}", None)
            if tell:
                tell(event)

    def _line(self, event: Mapping[str, Any], text: str) -> str:
        return f"{event['t'] - (self._began or 0):6.1f} s  {event.get('drill', ''):<15} {text}"

    def _say(self, event: Mapping[str, Any], text: str) -> None:
        self._screen.say(self._line(event, text))

    def _on_phase(self, event: Mapping[str, Any]) -> None:
        limit = f" (at most {event['limit_s']:.0f} s)" if event.get("limit_s") else ""
        if event["phase"] in _WAITS:
            self._say(event, f"── {event['phase']}: {_WAITS[event['phase']]}{limit}")

    def _on_phase_end(self, event: Mapping[str, Any]) -> None:
        self._screen.status(event["drill"], None)
        if "answer" in event:
            self._say(event, _conclusion(event, self._judges[event["drill"]].state))

    def _on_drill_end(self, event: Mapping[str, Any]) -> None:
        self._screen.status(event["drill"], None)

    def _on_fault(self, event: Mapping[str, Any]) -> None:
        if event["side"] == TREATMENT:
            self._say(event, f"── fault: {event['text']}, here and on the control")

    def _on_step(self, event: Mapping[str, Any]) -> None:
        facts = StepFacts.from_json(event["facts"])
        verdict, why = judge_step(facts)
        text = " ".join(facts.text.split())
        text = text if len(text) < 60 else text[:59] + "…"
        self._say(event, f" {MARKS[verdict]} line {facts.line} {facts.kind} {text}: {' '.join(why.split())}")

    def _on_reverted(self, event: Mapping[str, Any]) -> None:
        self._say(event, " ✓ fault reverted" if event["ok"] else f" ✗ revert failed: {event['why']}")

    def _on_crash(self, event: Mapping[str, Any]) -> None:
        self._say(event, f" ✗ {event['text']}")

    def _on_interrupted(self, event: Mapping[str, Any]) -> None:
        self._say(event, " ✗ interrupted: taking everything back")

    def _on_load_ended(self, event: Mapping[str, Any]) -> None:
        self._say(event, f" ✗ {event['side']}: {event['why']}")

    def _on_finding(self, event: Mapping[str, Any]) -> None:
        self._say(event, f" ? {event['text']}")

    def _on_load(self, event: Mapping[str, Any]) -> None:
        if event["side"] in (TREATMENT, CONTROL):
            state = self._judges[event["drill"]].state
            self._show_symptoms(event, state)
            self._show_progress(event, state)

    def _show_symptoms(self, event: Mapping[str, Any], state: DrillState) -> None:
        for number in sorted(state.seen):
            if (event["drill"], number) not in self._symptoms_shown:
                self._symptoms_shown.add((event["drill"], number))
                symptom = state.symptoms[number]
                self._say(event, f" ✓ symptom seen: line {symptom.line}: {symptom.text}")

    def _show_progress(self, event: Mapping[str, Any], state: DrillState) -> None:
        drill, every_s = event["drill"], STATUS_EVERY_S if self._screen.lively else LOG_EVERY_S
        if event["t"] - self._told_s.get(drill, 0.0) < every_s:
            return
        known = progress(state)
        if known is not None and known.rows:
            self._told_s[drill] = event["t"]
            line = self._line(event, "   " + _progress(known))
            if self._screen.lively:
                self._screen.status(drill, line)
            else:
                self._screen.say(line)


def _progress(known: Progress) -> str:
    more = "" if known.more_s is None else f"about {max(1.0, known.more_s):.0f} s more · "
    waited_for = [row for row in known.rows if not row.settled] or list(known.rows)
    return more + " · ".join(_row(row) for row in waited_for)


def _row(row: Row) -> str:
    """`gateway latency 179 ms [171, 188] < 500ms`."""
    unit, limit = row.condition.unit, row.condition.text.rpartition(")")[2].strip()
    interval = show_interval(row.reading, unit) if row.reading.alpha else ""
    return f"{row.name} {show_reading(row.reading, unit)} {interval} {limit}".replace("  ", " ")


def _conclusion(event: Mapping[str, Any], state: DrillState) -> str:
    """What a phase's question came to, and what the answer cost."""
    phase = event["phase"]
    cost = f"{event['t'] - state.phases[phase]:.1f} s"
    if event["answer"] is None:
        return f" ? {phase}: undecided at its limit, after {cost}: still waiting for {event['waiting_for']}"
    mark, said = _ANSWERS[phase, event["answer"]]
    return f" {mark} {phase}: {said}, decided after {cost}"
