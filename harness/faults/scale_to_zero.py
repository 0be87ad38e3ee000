"""A Deployment that somebody scaled to zero."""

from __future__ import annotations

from collections.abc import Mapping

from harness.errors import PlatformError
from harness.faults.base import Parameter, Parameters, Revert, Running, Target, ask


class ScaleToZero:
    """Ends by itself after `max_duration_s` as long as this process lives; `gameday recover` after that."""

    def __init__(self, at: str, parameters: Mapping[str, Parameter], max_duration_s: float) -> None:
        """Raises BindingError."""
        read = Parameters(at, "scale-to-zero", parameters)
        self.text, self._at, self._max_s = read.text, at, max_duration_s
        read.done()
        self._running: dict[int, Running] = {}

    def revert(self, target: Target) -> Revert:
        """Back to as many as there are now, unless somebody has scaled it up meanwhile."""
        replicas = self._replicas(target)

        def back() -> None:
            if self._replicas(target) == 0:
                ask(target, self.text, "scale", f"deployment/{self._at}", f"--replicas={replicas}")

        running = self._running[id(target.platform)] = Running(self._max_s, back)
        return Revert(f"scale deployment/{self._at} to {replicas}", running.stop)

    def _replicas(self, target: Target) -> int:
        state = target.platform.state()
        if self._at not in state:
            raise PlatformError(f"fault `{self.text}`: there is no Deployment {self._at}; check `at` in the bindings")
        return state[self._at].replicas

    def inject(self, target: Target) -> None:
        ask(target, self.text, "scale", f"deployment/{self._at}", "--replicas=0")
        self._running[id(target.platform)].start()
