"""Follows the runbook as written: actions, commands, toggles, in its order, whatever came of the step before."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import Interrupted
from harness.machine.platform_state import ObservedPlatform
from harness.responders.base import Tell
from harness.steps.plan import Step
from harness.steps.run import Runner
from harness.steps.session import Session


@dataclass
class RunbookResponder:
    """The operator who does exactly what it says. See Runner for the times."""

    deadline_s: float = 75.0
    follow_s: float = 1.5
    settle_s: float = 5.0
    name: str = "runbook"

    def respond(
        self, plan: Sequence[Step], platform: ObservedPlatform, session: Session, tell: Tell, stop: threading.Event
    ) -> None:
        runner = Runner(platform, session, stop, self.deadline_s, self.follow_s, self.settle_s)
        for step in plan:
            if stop.is_set():
                raise Interrupted(f"interrupted before line {step.line} of the runbook")
            tell(runner.run(step))
