"""Kills the pods of a Deployment without a grace period."""

from __future__ import annotations

from harness.bindings import FaultSpec
from harness.faults.base import FaultState, Injection, Target
from harness.faults.kubectl import kubectl, pods_of, running_pods
from harness.faults.parameters import Parameters
from harness.faults.repeated import Repeated


class PodKill:
    """Kills all running pods of a Deployment at once; with `every_s`, again at that interval until the revert.

    It ends by itself after `max_duration_s`, and with this process.
    """

    def __init__(self, spec: FaultSpec) -> None:
        """Raises BindingError."""
        self.text, self._at, self._max_s = spec.text, spec.at, spec.max_duration_s
        parameters = Parameters(spec)
        self._every_s = parameters.number("every_s", 0.0)
        parameters.reject_unknown()

    def prepare(self, target: Target) -> Injection:
        killing = Repeated(self._every_s, self._max_s, lambda: self._kill(target, pods_of(target, self._at)))

        def apply() -> None:
            self._kill(target, running_pods(target, self.text, self._at))
            if self._every_s:
                killing.start()

        return Injection(f"kill no more pods of {self._at}", apply, killing.stop, lambda: self._state(target, killing))

    def _state(self, target: Target, killing: Repeated) -> FaultState:
        if not self._every_s:
            return FaultState("unknown", "killing pods once is over at once; its consequences have no check")
        if not killing.running:
            return FaultState("ended", f"it kills no more pods of {self._at}")
        deployment = target.platform.state().get(self._at)
        if deployment is None or not deployment.replicas:
            return FaultState("changed", f"{self._at} has no pod to kill")
        return FaultState("active", f"it kills the pods of {self._at} every {self._every_s:g} s")

    def _kill(self, target: Target, pods: tuple[str, ...]) -> None:
        if pods:
            options = ("--grace-period=0", "--force", "--wait=false", "--ignore-not-found")
            kubectl(target, self.text, "delete", "pod", *pods, *options)
