"""Stops the processes of a Deployment's pods, so that they hang: they keep their connections, and answer nothing."""

from __future__ import annotations

from harness.bindings import FaultSpec
from harness.errors import PlatformError
from harness.faults.base import FaultState, Injection, Target
from harness.faults.kubectl import pods_of, running_pods
from harness.faults.parameters import Parameters
from harness.machine.guard import Guard
from harness.platforms.base import Need
from harness.platforms.daemon_platform import DaemonPlatform


class Stop:
    """Sends SIGSTOP to every process of the running pods, and SIGCONT at the end. New pods and processes run.

    A guard does it: a process that is recorded before, outlives this one, and lets them go on after `max_duration_s`.
    """

    needs = frozenset({Need.PROCESSES})

    def __init__(self, spec: FaultSpec) -> None:
        """Raises BindingError."""
        self.text, self._at, self._max_s = spec.text, spec.at, spec.max_duration_s
        Parameters(spec).reject_unknown()

    def prepare(self, target: Target) -> Injection:
        """Raises PlatformError for a platform whose pods cannot be reached."""
        return _Stopping(self.text, self._at, self._max_s, target).injection()


class _Stopping:
    """The fault on one target."""

    def __init__(self, text: str, at: str, max_s: float, target: Target) -> None:
        if not isinstance(target.platform, DaemonPlatform):
            fact = f"the processes of a pod cannot be stopped on the {target.platform.name} platform"
            raise PlatformError(f"fault `{text}`: {fact}")
        self._text, self._at, self._max_s, self._target, self._platform = text, at, max_s, target, target.platform
        self._guard: Guard | None = None
        self._pods: tuple[str, ...] = ()

    def injection(self) -> Injection:
        return Injection(f"SIGCONT to the processes of {self._at}", self.apply, self.revert, self.state)

    def apply(self) -> None:
        self._pods = running_pods(self._target, self._text, self._at)
        self._guard = self._platform.stop_guard(self._pods, self._max_s)
        stopped, _, running = self._guard.ask("stop").partition(" of ")
        if stopped != running or stopped == "0":
            self._guard.end()
            fact = f"{stopped} of {running} processes of {self._at} stopped; try again, a pod may have ended"
            raise PlatformError(f"fault `{self._text}`: {fact}")

    def revert(self) -> None:
        if self._guard is not None:
            self._guard.end()

    def state(self) -> FaultState:
        if self._guard is None or not self._guard.running:
            return FaultState("ended", f"the processes of {self._at} go on")
        present = set(pods_of(self._target, self._at))
        if not present & set(self._pods):
            return FaultState("changed", f"{', '.join(self._pods)} no longer exists")
        stopped, _, running = self._guard.ask("state").partition(" of ")
        if running == "0":
            return FaultState("changed", f"{', '.join(self._pods)} has new processes")
        if stopped == "0":
            return FaultState("ended", f"the processes of {self._at} go on, by a signal of someone else")
        return FaultState("active", f"{stopped} of {running} processes are stopped")
