"""Busy loops that take CPU time from a service inside its own pods."""

from __future__ import annotations

from collections.abc import Mapping

from harness.bindings import FaultSpec
from harness.faults.base import FaultState, Injection, Target
from harness.faults.in_pod import InPod
from harness.faults.kubectl import pods_of, running_pods
from harness.faults.parameters import Parameters
from harness.faults.repeated import Repeated

BURN = 'echo $PPID; i=0; while [ $i -lt "$0" ]; do (while :; do :; done) & i=$((i+1)); done; wait'
"""Prints its process group (the parent process, `timeout`, leads it), then runs $0 busy loops."""
FOLLOW_S = 1.0
"""How often new pods are looked for."""


class CpuPressure:
    """Runs `workers` (default: 1) busy loops in every pod of the Deployment `at`, by `kubectl exec`, and in later ones.

    `timeout` ends them inside the pod after `max_duration_s`. Only the pod's CPU limit, if it has one, bounds them.
    """

    def __init__(self, spec: FaultSpec) -> None:
        """Raises BindingError."""
        self.text, self._at, self._max_s = spec.text, spec.at, spec.max_duration_s
        parameters = Parameters(spec)
        self._workers = int(parameters.number("workers", 1, low=1))
        parameters.reject_unknown()

    def prepare(self, target: Target) -> Injection:
        burners: dict[str, InPod] = {}
        following = Repeated(FOLLOW_S, self._max_s, lambda: self._burn(target, burners, following.left_s))

        def apply() -> None:
            running_pods(target, self.text, self._at)
            self._burn(target, burners, self._max_s)
            following.start()

        def revert() -> None:
            following.stop()
            while burners:
                pod, burner = next(iter(burners.items()))
                burner.end()
                del burners[pod]

        text = f"end the busy loops in the pods of {self._at}"
        return Injection(text, apply, revert, lambda: self._state(target, burners, following))

    def _burn(self, target: Target, burners: dict[str, InPod], max_s: float) -> None:
        """Start the loops in every pod that does not run them: a new one, or one whose container was restarted."""
        for pod in pods_of(target, self._at):
            if pod not in burners or not burners[pod].running:
                burners[pod] = InPod(target, pod, self.text)
                burners[pod].start(BURN, [str(self._workers)], max_s)

    def _state(self, target: Target, burners: Mapping[str, InPod], following: Repeated) -> FaultState:
        if not following.running:
            return FaultState("ended", f"it starts no more busy loops in {self._at}")
        pods = pods_of(target, self._at)
        if not pods:
            return FaultState("changed", f"{self._at} has no pod")
        burning = [pod for pod in pods if pod in burners and burners[pod].running]
        if not burning:
            return FaultState("unknown", f"no pod of {self._at} has its busy loops yet")
        return FaultState("active", f"busy loops run in {', '.join(burning)}")
