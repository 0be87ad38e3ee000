"""An incident for the tests of responders: a platform of the test, and a record in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from harness.machine.platform_state import ObservedPlatform
from harness.model import Document, Runbook
from harness.record.event import DrillEvent
from harness.record.events import StepExecuted
from harness.record.incident import AlertHandled, AlertRaised
from harness.record.steps import StepFacts
from harness.responders.base import Incident
from harness.steps.session import Session
from harness.steps.step import Step
from harness.verdict.alert_log import AlertLog
from harness.verdict.now import SloNow

RUNBOOK = Runbook("SLOW", "Slow", 1)


@dataclass
class RecordedIncident:
    """Keeps every event of the responder in `events`; `at_event` sees each. The alerts are those in `events`."""

    platform: ObservedPlatform
    session: Session
    steps: Sequence[Step] = ()
    general: Sequence[Step] = ()
    document: Document = field(default_factory=lambda: Document("ops.md", "Operations"))
    slos: tuple[SloNow, ...] = ()
    events: list[DrillEvent] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    at_event: Callable[[DrillEvent], None] = lambda event: None

    @property
    def incident(self) -> Incident:
        """What the responder works on."""
        return Incident(
            runbook=RUNBOOK,
            document=self.document,
            steps=tuple(self.steps),
            general=tuple(self.general),
            platform=self.platform,
            session=self.session,
            record=self._record,
            alert_log=self._alert_log,
            slos=lambda: self.slos,
            stop=self.stop,
        )

    @property
    def steps_executed(self) -> list[StepFacts]:
        """The facts of the steps, in order."""
        return [event.facts for event in self.events if isinstance(event, StepExecuted)]

    @property
    def handled(self) -> list[AlertHandled]:
        """What was done about the alerts, in order."""
        return [event for event in self.events if isinstance(event, AlertHandled)]

    def _alert_log(self) -> AlertLog:
        raised = [event for event in self.events if isinstance(event, AlertRaised)]
        return AlertLog(raised, self.handled)

    def _record(self, event: DrillEvent, *, sync: bool = False) -> None:
        self.events.append(replace(event, drill=RUNBOOK.id))
        self.at_event(event)
