"""The responder that executes the steps which a person chooses, in the person's order."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence

from harness.errors import Interrupted
from harness.machine.platform_state import ObservedPlatform
from harness.responders.base import OnStep
from harness.steps.run import Runner, StepLimits
from harness.steps.session import Session
from harness.steps.step import Step

CHECK_S = 0.1


class ByHandResponder:
    """Executes each step that `choose` names, until `finish`. `changed` is called when `open` or `running` changes."""

    name = "by hand"

    def __init__(self, changed: Callable[[], None], limits: StepLimits | None = None) -> None:
        self._changed, self._limits = changed, limits or StepLimits()
        self._chosen: queue.Queue[int | None] = queue.Queue()
        self.open = False
        """Whether steps can be chosen now."""
        self.running: int | None = None
        """Number of the step that is being executed."""

    def choose(self, number: int) -> None:
        """Execute a step, after those that were chosen before."""
        self.running = number
        self._changed()
        self._chosen.put(number)

    def finish(self) -> None:
        """End the response."""
        self._chosen.put(None)

    def respond(
        self,
        steps: Sequence[Step],
        platform: ObservedPlatform,
        session: Session,
        on_step: OnStep,
        stop: threading.Event,
    ) -> None:
        """Execute what is chosen of the runbook; general commands are left out.

        Raises Interrupted when `stop` is set, PlatformError when the platform fails.
        """
        if all(step.kind == "general" for step in steps):
            return
        runner, by_number = Runner(platform, session, stop, self._limits), {step.number: step for step in steps}
        self._set(True, None)
        try:
            while (number := self._next(stop)) is not None:
                on_step(runner.run(by_number[number]))
                self._set(True, None)
        finally:
            self._set(False, None)

    def _next(self, stop: threading.Event) -> int | None:
        """The next chosen step; None when the person has finished."""
        while not stop.is_set():
            try:
                return self._chosen.get(timeout=CHECK_S)
            except queue.Empty:
                continue
        raise Interrupted("interrupted during the response")

    def _set(self, is_open: bool, running: int | None) -> None:
        self.open, self.running = is_open, running
        self._changed()
