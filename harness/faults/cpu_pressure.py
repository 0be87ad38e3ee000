"""Busy loops that take CPU time from a service inside its own pods."""

from __future__ import annotations

from harness.bindings import FaultSpec
from harness.faults.base import Injection, Target
from harness.faults.parameters import Parameters
from harness.faults.pressure import Pressure

BURN = 'echo $PPID; i=0; while [ $i -lt "$0" ]; do (while :; do :; done) & i=$((i+1)); done; wait'
"""Runs $0 busy loops."""


class CpuPressure:
    """Runs `workers` (default: 1) busy loops in every pod of the Deployment `at`, by `kubectl exec`, and in later ones.

    Only the pod's CPU limit, if it has one, bounds them.
    """

    def __init__(self, spec: FaultSpec) -> None:
        """Raises BindingError."""
        self.text = spec.text
        parameters = Parameters(spec)
        workers = int(parameters.number("workers", 1, low=1))
        parameters.reject_unknown()
        self._pressure = Pressure(spec.text, "busy loops", spec.at, BURN, [str(workers)], spec.max_duration_s)

    def prepare(self, target: Target) -> Injection:
        return self._pressure.on(target)
