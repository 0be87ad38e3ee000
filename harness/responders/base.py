"""The contract of a responder: who answers the incident. Members: runbook (as written), nobody (the control arm)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from harness.machine.platform_state import ObservedPlatform
from harness.steps.plan import Step
from harness.steps.session import Session
from harness.verdict.steps import StepFacts

Tell = Callable[[StepFacts], None]


class Responder(Protocol):
    """Answers an incident on a platform."""

    name: str

    def respond(
        self, plan: Sequence[Step], platform: ObservedPlatform, session: Session, tell: Tell, stop: threading.Event
    ) -> None:
        """Do what the plan says, or not; `tell` is called once per step, when it is over.

        Raises Interrupted when `stop` is set, PlatformError when the platform does not answer."""
        ...
