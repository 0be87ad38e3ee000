"""Scales a Deployment to zero replicas."""

from __future__ import annotations

from harness.bindings import FaultSpec
from harness.errors import PlatformError
from harness.faults.base import FaultState, Injection, Target
from harness.faults.kubectl import kubectl
from harness.faults.parameters import Parameters
from harness.faults.timed_revert import TimedRevert


class ScaleToZero:
    """Scales the Deployment `at` to zero. It ends by itself after `max_duration_s` as long as this process lives;
    after that, `gameday recover` reverts it."""

    def __init__(self, spec: FaultSpec) -> None:
        """Raises BindingError."""
        self.text, self._at, self._max_s = spec.text, spec.at, spec.max_duration_s
        Parameters(spec).reject_unknown()

    def prepare(self, target: Target) -> Injection:
        """Remember the present number of replicas. The revert leaves the Deployment alone if it is no longer at zero.

        Raises PlatformError when there is no such Deployment.
        """
        replicas = self._replicas(target)

        def scale_back() -> None:
            if self._replicas(target) == 0:
                self._scale(target, replicas)

        revert = TimedRevert(self._max_s, scale_back)

        def apply() -> None:
            self._scale(target, 0)
            revert.start()

        return Injection(
            f"scale deployment/{self._at} to {replicas}", apply, revert.run, lambda: self._state(target, revert)
        )

    def _state(self, target: Target, revert: TimedRevert) -> FaultState:
        if revert.expired:
            return FaultState("ended", f"it was reverted after {self._max_s:g} s")
        replicas = self._replicas(target)
        return FaultState("changed" if replicas else "active", f"deployment/{self._at} has {replicas} replicas")

    def _replicas(self, target: Target) -> int:
        state = target.platform.state()
        if self._at not in state:
            raise PlatformError(f"fault `{self.text}`: there is no Deployment {self._at}; check `at` in the bindings")
        return state[self._at].replicas

    def _scale(self, target: Target, replicas: int) -> None:
        kubectl(target, self.text, "scale", f"deployment/{self._at}", f"--replicas={replicas}")
