"""What the faults that use up a resource of pods have in common: a script that runs in every pod, in later ones too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.faults.base import FaultState, Injection, Target
from harness.faults.in_pod import InPod
from harness.faults.kubectl import pods_of, running_pods
from harness.faults.repeated import Repeated

FOLLOW_S = 1.0
"""How often new pods are looked for."""


@dataclass(frozen=True)
class Pressure:
    """A script that uses up a resource while it runs. `timeout` ends it inside the pod after `max_s`."""

    fault: str
    what: str
    """The name of what runs, for texts: `busy loops`."""
    deployment: str
    script: str
    """See InPod.start."""
    arguments: Sequence[str]
    max_s: float

    def on(self, target: Target) -> Injection:
        """The fault on one target."""
        running: dict[str, InPod] = {}
        following = Repeated(FOLLOW_S, self.max_s, lambda: self._run(target, running, following.left_s))

        def apply() -> None:
            running_pods(target, self.fault, self.deployment)
            self._run(target, running, self.max_s)
            following.start()

        def revert() -> None:
            following.stop()
            while running:
                pod, one = next(iter(running.items()))
                one.end()
                del running[pod]

        text = f"end the {self.what} in the pods of {self.deployment}"
        return Injection(text, apply, revert, lambda: self._state(target, running, following))

    def _run(self, target: Target, running: dict[str, InPod], max_s: float) -> None:
        """Start the script in every pod that does not run it: a new one, or one whose container was restarted."""
        for pod in pods_of(target, self.deployment):
            if pod not in running or not running[pod].running:
                running[pod] = InPod(target, pod, self.fault)
                running[pod].start(self.script, self.arguments, max_s)

    def _state(self, target: Target, running: Mapping[str, InPod], following: Repeated) -> FaultState:
        if not following.running:
            return FaultState("ended", f"it starts no more {self.what} in {self.deployment}")
        pods = pods_of(target, self.deployment)
        if not pods:
            return FaultState("changed", f"{self.deployment} has no pod")
        under = [pod for pod in pods if pod in running and running[pod].running]
        if not under:
            return FaultState("unknown", f"no pod of {self.deployment} has its {self.what} yet")
        return FaultState("active", f"{self.what} run in {', '.join(under)}")
