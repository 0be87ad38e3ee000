"""What is happening, a line an event, while it happens."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from typing import Any, TextIO

from harness.report.text import MARKS
from harness.verdict.judge import MAIN, Judge, Trial
from harness.verdict.reading import read
from harness.verdict.result import show_value
from harness.verdict.steps import StepFacts, judge_step

SLI_WINDOW_S = 5
SLI_EVERY_S = 2
_COLOURS = {"✓": "32", "✗": "31", "?": "33", "·": "2"}
_WAITS = {
    "prepare": "bringing up the platform and its twin",
    "baseline": "waiting for the steady state: every SLO holds",
    "symptoms": "waiting for the documented symptoms",
    "response": "following the runbook",
    "recovery": "waiting for the SLOs to come back",
    "control": "looking at the twin that nobody answered",
    "general": "the general section, as second level's diagnosis",
    "after-undo": "fault undone; the SLOs must still hold",
}


class Live:
    """Prints the events of a journal to a stream (stderr). Wide lines are cut to `columns`; colours only at a tty."""

    def __init__(self, stream: TextIO | None = None, columns: int = 120) -> None:
        self._stream, self._columns = stream or sys.stderr, columns
        self._colour = self._stream.isatty()
        self._lock = threading.Lock()
        self._began: float | None = None
        self._judges: dict[str, Judge] = {}
        self._slis_shown: dict[str, int] = {}
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

    def _say(self, event: Mapping[str, Any], text: str) -> None:
        line = f"{event['t'] - (self._began or 0):6.1f} s  {event.get('drill', ''):<15} {text}"
        line = line if len(line) <= self._columns else line[: self._columns - 1] + "…"
        if self._colour:
            for mark, code in _COLOURS.items():
                line = line.replace(f" {mark} ", f" \033[{code}m{mark}\033[0m ", 1)
        print(line, file=self._stream, flush=True)

    def _on_phase(self, event: Mapping[str, Any]) -> None:
        limit = f" (at most {event['limit_s']:.0f} s)" if event.get("limit_s") else ""
        if event["phase"] in _WAITS:
            self._say(event, f"── {event['phase']}: {_WAITS[event['phase']]}{limit}")

    def _on_phase_end(self, event: Mapping[str, Any]) -> None:
        if event["limit"]:
            self._say(event, f" ✗ {event['phase']}: limit reached, still waiting for {event['waiting_for']}")

    def _on_fault(self, event: Mapping[str, Any]) -> None:
        if event["side"] == MAIN:
            self._say(event, f"── fault: {event['text']}, here and on the twin")

    def _on_step(self, event: Mapping[str, Any]) -> None:
        facts = StepFacts.from_json(event["facts"])
        verdict, why = judge_step(facts)
        text = " ".join(facts.text.split())
        text = text if len(text) < 60 else text[:59] + "…"
        self._say(event, f" {MARKS[verdict]} line {facts.line} {facts.kind} {text}: {' '.join(why.split())}")

    def _on_undone(self, event: Mapping[str, Any]) -> None:
        self._say(event, " ✓ fault undone" if event["ok"] else f" ✗ undo failed: {event['why']}")

    def _on_crash(self, event: Mapping[str, Any]) -> None:
        self._say(event, f" ✗ {event['text']}")

    def _on_interrupted(self, event: Mapping[str, Any]) -> None:
        self._say(event, " ✗ interrupted: taking everything back")

    def _on_load_ended(self, event: Mapping[str, Any]) -> None:
        self._say(event, f" ✗ {event['side']}: {event['why']}")

    def _on_finding(self, event: Mapping[str, Any]) -> None:
        self._say(event, f" ? {event['text']}")

    def _on_load(self, event: Mapping[str, Any]) -> None:
        if event["side"] == MAIN:
            trial = self._judges[event["drill"]].trial
            self._show_symptoms(event, trial)
            self._show_slis(event, trial)

    def _show_symptoms(self, event: Mapping[str, Any], trial: Trial) -> None:
        for number in sorted(trial.seen):
            if (event["drill"], number) not in self._symptoms_shown:
                self._symptoms_shown.add((event["drill"], number))
                symptom = trial.symptoms[number]
                self._say(event, f" ✓ symptom seen: line {symptom.line}: {symptom.text}")

    def _show_slis(self, event: Mapping[str, Any], trial: Trial) -> None:
        drill, main = event["drill"], trial.sides[MAIN]
        now = main.frontier
        if "baseline" in trial.phases and now - self._slis_shown.get(drill, 0) >= SLI_EVERY_S:
            self._slis_shown[drill] = now
            readings = [(slo, read(slo.objective, main, now - SLI_WINDOW_S, now)) for slo in trial.slos]
            self._say(event, "   " + " · ".join(f"{slo.name} {show_value(slo, reading)}" for slo, reading in readings))
