"""The responder that follows the runbook as written."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.errors import Interrupted
from harness.machine.platform_state import ObservedPlatform
from harness.responders.base import OnStep
from harness.steps.run import Runner, StepLimits
from harness.steps.session import Session
from harness.steps.step import Step


@dataclass
class RunbookResponder:
    """Executes every step in the runbook's order, whether or not the step before it succeeded."""

    limits: StepLimits = field(default_factory=StepLimits)
    name: str = "runbook"

    def respond(
        self,
        steps: Sequence[Step],
        platform: ObservedPlatform,
        session: Session,
        on_step: OnStep,
        stop: threading.Event,
    ) -> None:
        runner = Runner(platform, session, stop, self.limits)
        for step in steps:
            if stop.is_set():
                raise Interrupted(f"interrupted before line {step.line} of the runbook")
            on_step(runner.run(step))
