"""Which faults there are, and which one a line of the bindings means."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping

from harness.bindings import FaultSpec
from harness.faults.admin import AdminFault
from harness.faults.base import Fault, Parameter

FAULTS = {
    "pod-kill": "harness.faults.pod_kill:PodKill",
    "scale-to-zero": "harness.faults.scale_to_zero:ScaleToZero",
    "cpu-pressure": "harness.faults.cpu_pressure:CpuPressure",
    "partition": "harness.faults.partition:Partition",
    "chaos-toolkit": "harness.faults.chaos_toolkit:ChaosToolkit",
}
"""Those that the platform's own means make; any other name is asked for at the admin ports of `at`."""


def make_fault(spec: FaultSpec) -> Fault:
    """Raises BindingError for parameters that are wrong, MachineError for a package that is missing."""
    if spec.fault not in FAULTS:
        return AdminFault(spec.at, spec.fault, spec.parameters, spec.max_duration_s)
    module, _, member = FAULTS[spec.fault].partition(":")
    made: Callable[[str, Mapping[str, Parameter], float], Fault] = getattr(importlib.import_module(module), member)
    return made(spec.at, spec.parameters, spec.max_duration_s)
