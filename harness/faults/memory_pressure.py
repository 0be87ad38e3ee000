"""Programs that take memory from a service inside its own containers."""

from __future__ import annotations

from harness.bindings import FaultSpec
from harness.faults.base import Injection, Target
from harness.faults.parameters import Parameters
from harness.faults.pressure import Pressure
from harness.platforms.base import Need

HOLD = """
limit=$(cat /sys/fs/cgroup/memory.max 2> /dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2> /dev/null)
case $limit in
max | "" | ????????????????*)
    echo "it has no memory limit, so that the machine's memory would be used up; set limits.memory"; exit 1;;
esac
exec 3>&1 2> /dev/null
(head -c "$0" /dev/zero; echo $PPID >&3; while sleep 1; do printf 0; done) | tail > /dev/null
"""
"""Holds $0 bytes: `tail` keeps its last line in memory until its end. The files of cgroup v2 and v1, which shows no
limit as a number of 19 digits. The left side ends when `tail` has been killed."""


class MemoryPressure:
    """Holds `mb` megabytes in every pod of the Deployment `at`, by `kubectl exec`, and in later ones.

    They count towards the memory limit of the container. What the kernel kills when that is exceeded is up to it: the
    whole container, or what uses most memory; the fault begins again then.
    """

    needs = frozenset({Need.MEMORY_LIMITS})

    def __init__(self, spec: FaultSpec) -> None:
        """Raises BindingError."""
        self.text = spec.text
        parameters = Parameters(spec)
        held = int(parameters.number("mb", None, low=1, high=1e6) * 1e6)
        parameters.reject_unknown()
        self._pressure = Pressure(spec.text, "memory holders", spec.at, HOLD, [str(held)], spec.max_duration_s)

    def prepare(self, target: Target) -> Injection:
        return self._pressure.on(target)
