"""The contract of a responder: who handles the incident on the treatment platform."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from harness.machine.platform_state import ObservedPlatform
from harness.record.steps import StepFacts
from harness.steps.session import Session
from harness.steps.step import Step

OnStep = Callable[[StepFacts], None]
"""Receives the facts of each step when it has ended."""


class Responder(Protocol):
    """Handles an incident. Registered in the entry point group `gameday.responders`; called without arguments."""

    name: str

    def respond(
        self,
        steps: Sequence[Step],
        platform: ObservedPlatform,
        session: Session,
        on_step: OnStep,
        stop: threading.Event,
    ) -> None:
        """Execute the steps, or decide not to; call `on_step` once per step, when it has ended.

        Raises Interrupted when `stop` is set, PlatformError when the platform fails.
        """
        ...
