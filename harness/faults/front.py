"""Faults of the proxy in front of a Service, for services that know nothing of gameday."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.bindings import FaultSpec
from harness.errors import PlatformError
from harness.faults.admin import AdminFault
from harness.faults.base import Target
from harness.faults.parameters import Parameters
from harness.machine.platform_state import AdminPort
from harness.platforms.base import Need


@dataclass(frozen=True)
class Number:
    """The valid values of a parameter; without a default it must be given."""

    low: float
    high: float
    default: float | None = None
    whole: bool = False


SHARE, SEED = Number(0, 1, default=1), Number(0, 2**32, default=1, whole=True)
FRONT_FAULTS: Mapping[str, Mapping[str, Number]] = {
    "bandwidth": {"bytes_per_s": Number(1, 1e10)},
    "blackhole": {"share": SHARE, "seed": SEED},
    "http-body": {"share": SHARE, "seed": SEED},
    "http-status": {"status": Number(400, 599, default=503, whole=True), "share": SHARE, "seed": SEED},
    "latency": {"delay_ms": Number(0, 60_000), "jitter_ms": Number(0, 60_000, default=0), "seed": SEED},
    "reset": {"share": SHARE, "seed": SEED},
}
"""The parameters of each fault, as the proxy checks them (docs/reference/contracts.md)."""


class FrontFault(AdminFault):
    """Posts the fault to the proxies in front of the Service `at`. New pods are behind them too."""

    needs = frozenset({Need.FRONT})

    def __init__(self, spec: FaultSpec) -> None:
        """Raises BindingError."""
        super().__init__(spec)
        parameters = Parameters(spec)
        for name, valid in FRONT_FAULTS[spec.fault].items():
            parameters.number(name, valid.default, low=valid.low, high=valid.high, whole=valid.whole)
        parameters.reject_unknown()

    def ports(self, target: Target) -> Callable[[], Sequence[AdminPort]]:
        """Raises PlatformError where there is no such proxy."""

        def fronts() -> Sequence[AdminPort]:
            return target.platform.fronts(self.spec.at)

        if not fronts():
            fact = f"the {target.platform.name} platform has no proxy there; see docs/reference/bindings.md"
            raise PlatformError(f"fault `{self.text}`: {fact}")
        return fronts
