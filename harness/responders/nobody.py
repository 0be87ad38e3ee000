"""Nobody answers: the control arm, against which a runbook has to show that it was the reason."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from harness.machine.platform_state import ObservedPlatform
from harness.responders.base import Tell
from harness.steps.plan import Step
from harness.steps.session import Session


class Nobody:
    """Does nothing."""

    name = "nobody"

    def respond(
        self, plan: Sequence[Step], platform: ObservedPlatform, session: Session, tell: Tell, stop: threading.Event
    ) -> None:
        """Returns at once: the incident is left to itself."""
