"""The responder that follows the runbook as written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.errors import Interrupted
from harness.responders.base import Incident, Responder
from harness.steps.run import Runner, StepLimits
from harness.steps.step import Step


@dataclass
class RunbookResponder(Responder):
    """Executes every step in the runbook's order, whether or not the step before it succeeded."""

    limits: StepLimits = field(default_factory=StepLimits)
    name: str = "runbook"

    def chosen(self) -> None:
        """The runbook is executed as written."""

    def respond(self, incident: Incident) -> None:
        self._execute(incident, incident.steps)

    def escalate(self, incident: Incident) -> None:
        self._execute(incident, incident.general)

    def general(self, incident: Incident) -> None:
        self._execute(incident, incident.general)

    def _execute(self, incident: Incident, steps: Sequence[Step]) -> None:
        runner = Runner(incident.platform, incident.session, incident.stop, self.limits)
        for step in steps:
            if incident.stop.is_set():
                raise Interrupted(f"interrupted before line {step.line} of the runbook")
            incident.executed(runner.run(step))
