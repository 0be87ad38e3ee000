"""What a person sees of a drill whose incident they handle: alerts and phases, and nothing that names the fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.listeners.progress import ReadJudge, progress_text
from harness.record.event import Event
from harness.record.events import (
    Crashed,
    DrillInterrupted,
    FaultReverted,
    LoadCounted,
    LoadLost,
    PhaseEnded,
    PhaseName,
    PhaseStarted,
)
from harness.record.incident import AlertHandled, AlertRaised

PROGRESS_EVERY_S = 10.0
_PHASES: Mapping[PhaseName, str] = {
    "control-prepare": "the platform for the control starts; you will have the one after it",
    "prepare": "the platforms start",
    "baseline": "the load runs; wait for an alert",
    "response": "the incident is handled from now on",
    "recovery": "the response has ended; the SLOs are judged",
    "control": "the SLOs hold again; is the control still broken?",
    "after-revert": "the fault is reverted; the SLOs are judged once more",
}
_JUDGED = ("recovery", "control", "after-revert")
"""Phases in which the person waits for a decision, and nothing is hidden that their SLOs would show."""
_ANSWERS: Mapping[tuple[PhaseName, bool | None], str] = {
    ("baseline", False): "✗ an SLO is broken before the fault",
    ("baseline", None): "? the baseline could not be decided",
    ("symptoms", None): "? the fault did not cause what the document describes",
    ("recovery", True): "✓ every SLO holds again",
    ("recovery", None): "✗ the SLOs did not recover, or that could not be decided",
    ("control", False): "✗ the recovery cannot be credited to the response",
    ("after-revert", True): "✓ every SLO holds without the fault",
}


class HandlingDisplay:
    """Gives `say` a line for each event that concerns the person, and the progress of what is judged at the end."""

    def __init__(self, judge: ReadJudge, say: Callable[[str], object]) -> None:
        self._judge, self._say = judge, say
        self._judged, self._shown_s = False, 0.0

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, PhaseStarted):
            self._judged, self._shown_s = event.phase in _JUDGED, event.t_s
        if text := _text(event):
            self._say(text)
        if isinstance(event, LoadCounted) and self._judged and event.t_s - self._shown_s >= PROGRESS_EVERY_S:
            self._shown_s = event.t_s
            if text := progress_text(self._judge, event.drill):
                self._say(text)


def _text(event: Event) -> str:
    """The line that shows an event; empty: it is not shown."""
    text = ""
    match event:
        case PhaseStarted(phase=phase) if phase in _PHASES:
            text = f"── {_PHASES[phase]}"
        case PhaseEnded(phase=phase, answer=answer, decides=True):
            text = _ANSWERS.get((phase, answer), "")
        case AlertRaised(of_prometheus=True):
            text = f"  Prometheus fires {event.alert}, {event.priority}"
        case AlertRaised():
            text = f"ALERT {event.priority}  {event.text}"
        case AlertHandled(action="mitigated"):
            text = f"✓ {event.text}"
        case Crashed():
            text = "✗ the drill crashed; the report says why"
        case LoadLost():
            text = "✗ the load was lost"
        case DrillInterrupted():
            text = "✗ interrupted: reverting the fault"
        case FaultReverted(ok=False, side=side):
            text = f"✗ a revert failed on the {side}"
    return text
