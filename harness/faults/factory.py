"""Makes the fault that one line of the bindings defines."""

from __future__ import annotations

from collections.abc import Callable

from harness.bindings import FaultSpec
from harness.faults.admin import AdminFault
from harness.faults.base import Fault
from harness.registry import Family

FAULTS: Family[Callable[[FaultSpec], Fault]] = Family("faults")
"""Faults that work on any service; a name that is not registered is posted to the admin ports of `at`."""


def make_fault(spec: FaultSpec) -> Fault:
    """Raises BindingError for wrong parameters, MachineError for a missing package, RegistryError for a bad member."""
    return FAULTS.load(spec.fault)(spec) if spec.fault in FAULTS else AdminFault(spec)
