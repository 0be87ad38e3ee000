"""Makes the fault that one line of the bindings defines."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from harness.bindings import FaultSpec
from harness.faults.admin import AdminFault
from harness.faults.base import Fault

FAULTS = {
    "pod-kill": "harness.faults.pod_kill:PodKill",
    "scale-to-zero": "harness.faults.scale_to_zero:ScaleToZero",
    "cpu-pressure": "harness.faults.cpu_pressure:CpuPressure",
    "partition": "harness.faults.partition:Partition",
    "chaos-toolkit": "harness.faults.chaos_toolkit:ChaosToolkit",
}
"""Faults made by the platform's own means; any other name is posted to the admin ports of `at`."""


def make_fault(spec: FaultSpec) -> Fault:
    """Raises BindingError for parameters that are wrong, MachineError for a package that is missing."""
    if spec.fault not in FAULTS:
        return AdminFault(spec)
    module, _, member = FAULTS[spec.fault].partition(":")
    made: Callable[[FaultSpec], Fault] = getattr(importlib.import_module(module), member)
    return made(spec)
