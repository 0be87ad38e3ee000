"""The contract of a responder: who handles the incident on the treatment platform."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from harness.machine.platform_state import ObservedPlatform
from harness.model import Document, Runbook
from harness.record.event import DrillEvent
from harness.record.events import StepExecuted
from harness.record.incident import AlertAction, AlertHandled, AlertRaised, ResponderChosen
from harness.record.steps import StepFacts
from harness.steps.session import Session
from harness.steps.step import Step
from harness.verdict.alert_log import AlertLog
from harness.verdict.now import SloNow


class Record(Protocol):
    """Writes an event of a drill to its record; with `sync`, it is on disk then. Raises JournalError."""

    def __call__(self, event: DrillEvent, *, sync: bool = False) -> None: ...


@dataclass(frozen=True)
class Incident:
    """The incident of one drill: the document, the alerts, and what its responder may use.

    The times of all events are set when `record` writes them.
    """

    runbook: Runbook
    """The runbook of the incident; its id is that of the drill."""
    document: Document
    """The whole document, with its text and its procedures for alerts and escalation."""
    steps: tuple[Step, ...]
    """The steps of the runbook, in order, with their placeholders filled."""
    general: tuple[Step, ...]
    """The general commands of the document."""
    platform: ObservedPlatform
    """The treatment platform."""
    session: Session
    """Executes commands on the treatment platform."""
    record: Record
    """Writes an event of this drill to the record; safe in every thread. Raises JournalError."""
    alert_log: Callable[[], AlertLog]
    """A copy of the alerts that are raised by now, and of what was done about them; safe in every thread."""
    slos: Callable[[], tuple[SloNow, ...]]
    """Whether each SLO holds on the treatment now; safe in every thread."""
    stop: threading.Event
    """Set when the run is to end: the responder then raises Interrupted."""

    def alerts(self) -> tuple[AlertRaised, ...]:
        """The alerts that are raised by now, oldest first."""
        return tuple(self.alert_log().raised)

    def unacknowledged(self) -> tuple[AlertRaised, ...]:
        """Those that are not acknowledged."""
        return self.alert_log().without("acknowledged")

    def executed(self, facts: StepFacts) -> None:
        """Record a step that has ended, once for each step of the runbook."""
        self.record(StepExecuted(facts=facts))

    def handled(self, alert: str, action: AlertAction, by: str, level: int = 1, text: str = "") -> None:
        """Record what was done about an alert; the arguments are those of the event."""
        self.record(AlertHandled(alert=alert, action=action, by=by, level=level, text=text))


class Responder(Protocol):
    """Handles an incident. Registered in the entry point group `gameday.responders`; called without arguments.

    Subclass it: what a responder does not do itself does nothing then. Its methods are called in the thread of the
    drill, in the order in which they stand here, each at most once per drill; one responder serves all drills of a run.
    They raise Interrupted when `incident.stop` is set, and PlatformError when the platform fails.
    """

    name: str

    def chosen(self) -> ResponderChosen | None:
        """What the record says of this responder; None: nothing, since it executes the runbook as written."""
        return ResponderChosen(responder=self.name)

    def respond(self, incident: Incident) -> None:
        """Handle the incident in the response phase: execute the steps, or decide not to.

        An alert is raised by now, if an SLO is broken. The recovery is measured from the return on.
        """
        ...

    def resolve(self, incident: Incident) -> None:
        """Follow up on a recovery: the SLOs have held for long enough while the fault was still active."""
        return

    def escalate(self, incident: Incident) -> None:
        """Follow up on a recovery that did not come within its limit. The fault is reverted after the return."""
        return

    def general(self, incident: Incident) -> None:
        """Execute the general commands, which the first drill of a run tests; not called after `escalate`."""
        return
