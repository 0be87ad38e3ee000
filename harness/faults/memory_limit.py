"""Kills pods that use more memory than a limit, as the kernel does with a container."""

from __future__ import annotations

from harness.bindings import FaultSpec
from harness.errors import PlatformError
from harness.faults.base import FaultState, Injection, Target
from harness.faults.kubectl import running_pods
from harness.faults.parameters import Parameters
from harness.faults.repeated import Repeated
from harness.machine.guard import Guard
from harness.platforms.base import Need
from harness.platforms.local.platform import LocalPlatform

GUARD = "harness.machine.guards.memory_limit"
FOLLOW_S = 0.5
"""How often new pods and restarted containers are looked for."""


class MemoryLimit:
    """A pod of the Deployment `at` whose processes use more than `limit_mb` together is killed, new pods too.

    The kernel is not involved: a guard measures the memory five times a second. It outlives this process, and ends
    after `max_duration_s`.
    """

    needs = frozenset({Need.MEMORY_GUARD})

    def __init__(self, spec: FaultSpec) -> None:
        """Raises BindingError."""
        self.text, self._at, self._max_s = spec.text, spec.at, spec.max_duration_s
        parameters = Parameters(spec)
        self._limit_bytes = parameters.number("limit_mb", None, low=1) * 1e6
        parameters.reject_unknown()

    def prepare(self, target: Target) -> Injection:
        """Raises PlatformError for a platform whose pods are not processes of this machine."""
        platform = target.platform
        if not isinstance(platform, LocalPlatform):
            fact = f"the pods of {platform.name} are no processes of this machine"
            raise PlatformError(f"fault `{self.text}`: {fact}")
        limiting = _Limiting(self._at, platform, self._max_s, self._limit_bytes)

        def apply() -> None:
            running_pods(target, self.text, self._at)
            limiting.start()

        return Injection(f"end the memory limit of {self._at}", apply, limiting.end, limiting.state)


class _Limiting:
    """The limit on one platform: its guard, and the thread that shows new pods to it."""

    def __init__(self, at: str, platform: LocalPlatform, max_s: float, limit_bytes: float) -> None:
        self._at, self._platform = at, platform
        self._arguments = [f"{max_s:g}", f"{limit_bytes:.0f}"]
        self._following = Repeated(FOLLOW_S, max_s, self._follow)
        self._guard: Guard | None = None
        self._shown: set[str] = set()

    def start(self) -> None:
        self._guard = Guard(GUARD, self._arguments, self._platform.folder)
        self._follow()
        self._following.start()

    def _follow(self) -> None:
        assert self._guard is not None
        pods = self._platform.state()[self._at].pods
        for pod, group in self._platform.processes().items():
            if pod in pods and group.place not in self._shown:
                self._guard.ask(group.place)
                self._shown.add(group.place)

    def end(self) -> None:
        self._following.stop()
        if self._guard is not None:
            self._guard.end()

    def state(self) -> FaultState:
        if self._guard is None or not self._guard.running:
            return FaultState("ended", f"the memory of {self._at} is not limited any more")
        return FaultState("active", f"{self._guard.ask('state')} times it was exceeded")
