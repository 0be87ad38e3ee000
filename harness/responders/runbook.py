"""The responder that follows the runbook as written, and the document's procedures for alerts and escalation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.errors import Interrupted
from harness.record.incident import AlertAction
from harness.record.steps import StepFacts
from harness.responders.base import Incident, Responder
from harness.steps.run import Runner, StepLimits
from harness.steps.step import Step

_BUDGET_PASSED = "the SLOs did not recover within the time of level 1"
_NO_PERSON = "the SLOs are not known to hold, and no person takes over: the drill ends here"


@dataclass
class RunbookResponder(Responder):
    """Executes every step in the runbook's order, whether or not the step before it succeeded.

    Level 1 is the runbook, level 2 the general commands of the document, level 3 the end of the drill.
    """

    limits: StepLimits = field(default_factory=StepLimits)
    name: str = "runbook"

    def chosen(self) -> None:
        """The runbook is executed as written."""

    def respond(self, incident: Incident) -> None:
        self._take(incident)
        self._execute(incident, incident.steps, lambda facts: self._after_step(incident, facts))

    def resolve(self, incident: Incident) -> None:
        self._take(incident)
        self._handle(incident, "resolved")

    def escalate(self, incident: Incident) -> None:
        self._take(incident)
        self._handle(incident, "escalated", 2, _BUDGET_PASSED)
        self.general(incident)
        self._handle(incident, "updated", 2, _collected(incident.general))
        if not all(slo.holds for slo in incident.slos()):
            self._handle(incident, "escalated", 3, _NO_PERSON)

    def general(self, incident: Incident) -> None:
        self._execute(incident, incident.general)

    def _after_step(self, incident: Incident, facts: StepFacts) -> None:
        """Take the alerts that were raised meanwhile, and post an update if the step changed something."""
        self._take(incident)
        if facts.changed:
            self._handle(incident, "updated", text=f"line {facts.line}: {'; '.join(facts.changed)}")

    def _take(self, incident: Incident) -> None:
        """Acknowledge each alert that is not yet, and investigate it: the steps of the runbook do that."""
        for alert in incident.unacknowledged():
            incident.handled(alert.alert, "acknowledged", self.name)
            incident.handled(alert.alert, "investigating", self.name)

    def _handle(self, incident: Incident, action: AlertAction, level: int = 1, text: str = "") -> None:
        for alert in incident.alerts():
            incident.handled(alert.alert, action, self.name, level, text)

    def _execute(
        self, incident: Incident, steps: Sequence[Step], then: Callable[[StepFacts], None] = lambda facts: None
    ) -> None:
        runner = Runner(incident.platform, incident.session, incident.stop, self.limits)
        for step in steps:
            if incident.stop.is_set():
                raise Interrupted(f"interrupted before line {step.line} of the runbook")
            facts = runner.run(step)
            incident.executed(facts)
            then(facts)


def _collected(general: Sequence[Step]) -> str:
    """What was collected as evidence, for an update."""
    lines = ", ".join(f"{step.line}" for step in general)
    return f"evidence collected by the general commands of the lines {lines}" if lines else "no general commands"
