"""Events as lines of the page's timeline, each with a mark: good, bad, undecided."""

from __future__ import annotations

from typing import Literal

from harness.listeners.progress import WAITS, text_of
from harness.record.event import DrillEvent
from harness.record.events import DrillStarted, PhaseStarted, StepExecuted
from harness.record.incident import AlertHandled, AlertRaised, CommandTyped, NoteTaken, ResponderChosen

Mark = Literal["ok", "failed", "inconclusive", "phase", "info"]
_MARKS: dict[str, Mark] = {"✓": "ok", "✗": "failed", "?": "inconclusive", "──": "phase", "·": "info"}


def line_of(event: DrillEvent) -> tuple[Mark, str] | None:
    """The line of an event; None if it has none, or a place of its own on the page."""
    match event:
        case StepExecuted() | CommandTyped(line=int()):  # the latter is a documented step, shown as one
            return None
        case DrillStarted():
            return "phase", f"{event.title}: {event.fault}"
        case PhaseStarted() if event.phase in WAITS:
            return "phase", f"{event.phase}: {WAITS[event.phase]}"
        case ResponderChosen() | AlertRaised() | AlertHandled() | CommandTyped() | NoteTaken():
            return _of_people(event)
    text = text_of(event).strip()
    return marked(text) if text else None


def marked(text: str) -> tuple[Mark, str]:
    """A line of the progress display as its mark and the words behind it."""
    sign, _, words = text.strip().partition(" ")
    return (_MARKS[sign], words.strip()) if sign in _MARKS else ("info", text.strip())


def _of_people(event: ResponderChosen | AlertRaised | AlertHandled | CommandTyped | NoteTaken) -> tuple[Mark, str]:
    """The line of what a responder or an observer did."""
    match event:
        case ResponderChosen():
            return "info", f"responder: {event.responder} {event.command}".rstrip()
        case AlertRaised():
            return "failed", f"alert {event.priority}: {event.text}"
        case AlertHandled():
            about = f": {event.text}" if event.text else ""
            return (
                "ok" if event.action == "resolved" else "info"
            ), f"alert {event.alert}: {event.action} by {event.by}{about}"
        case CommandTyped():
            return (
                "failed" if event.refused else "info"
            ), f"$ {event.command}{f' (refused: {event.refused})' if event.refused else ''}"
        case NoteTaken():
            return "info", f"note of {event.by}: {event.text}"
