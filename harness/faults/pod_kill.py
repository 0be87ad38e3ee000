"""Pods that die without a warning; their Deployment replaces them."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from harness.errors import PlatformError
from harness.faults.base import Parameter, Parameters, Revert, Running, Target, ask


class PodKill:
    """Every running pod of a Deployment at once; with `every_s` again and again, until it is taken back.

    Ends by itself after `max_duration_s` and with this process.
    """

    def __init__(self, at: str, parameters: Mapping[str, Parameter], max_duration_s: float) -> None:
        """Raises BindingError."""
        read = Parameters(at, "pod-kill", parameters)
        self.text, self._at, self._max_s = read.text, at, max_duration_s
        self._every_s = read.number("every_s", 0.0)
        read.done()
        self._running: dict[int, Running] = {}

    def revert(self, target: Target) -> Revert:
        running = self._running[id(target.platform)] = Running(self._max_s, lambda: None)
        return Revert(f"kill no more pods of {self._at}", running.stop)

    def inject(self, target: Target) -> None:
        """Raises PlatformError when there is no pod to kill."""
        if not self._kill(target):
            raise PlatformError(f"fault `{self.text}`: {self._at} has no running pod; check `at` in the bindings")
        running = self._running[id(target.platform)]
        running.start()
        if self._every_s:
            threading.Thread(target=self._repeat, args=(target, running), daemon=True, name="pod-kill").start()

    def _repeat(self, target: Target, running: Running) -> None:
        while not running.wait(self._every_s):
            try:
                self._kill(target)
            except PlatformError:
                return  # the platform is gone or going: the drill learns that by itself

    def _kill(self, target: Target) -> bool:
        state = target.platform.state()
        pods = state[self._at].pods if self._at in state else ()
        if pods:
            words = ("--grace-period=0", "--force", "--wait=false", "--ignore-not-found")
            ask(target, self.text, "delete", "pod", *pods, *words)
        return bool(pods)
