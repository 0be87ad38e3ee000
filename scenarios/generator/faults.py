"""Faults on the load: what may be injected, what is on now. A fault that is past its time is simply not on."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from . import clock

MAX_DURATION_S = 3600.0

PARAMETERS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "surge": {"factor": (0.01, 100)},
    "new-clients": {"share": (0, 1)},
    "crowd": {"connections": (1, 50_000), "slow_share": (0, 1), "ack_delay_ms": (0, 600_000)},
}
"""Name of a fault to its parameters, each with its lowest and highest value."""


class FaultError(Exception):
    """This cannot be injected; the message says why."""


@dataclass(frozen=True)
class Fault:
    """A fault that was injected; `ends_s` on `clock.now()`."""

    id: str
    name: str
    parameters: Mapping[str, float]
    ends_s: float


class Board:
    """The faults of one scenario; `known` are the names that it understands."""

    def __init__(self, known: tuple[str, ...]) -> None:
        self._known = known
        self._faults: dict[str, Fault] = {}
        self._ids = itertools.count(1)

    def inject(self, name: object, numbers: Mapping[str, object]) -> Fault:
        """Puts a fault on; `numbers` are its parameters and `max_duration_s`. Raises FaultError."""
        if not isinstance(name, str) or name not in self._known:
            raise FaultError(f"unknown fault {name!r}: this scenario knows {', '.join(self._known)}")
        ranges = {**PARAMETERS[name], "max_duration_s": (0.001, MAX_DURATION_S)}
        if unknown := sorted(set(numbers) - set(ranges)):
            raise FaultError(f"fault {name} has no parameter {unknown[0]!r}: it takes {', '.join(ranges)}")
        values = {key: _number(name, key, numbers.get(key), *limits) for key, limits in ranges.items()}
        ends_s = clock.now() + values.pop("max_duration_s")
        fault = Fault(f"{name}-{next(self._ids)}", name, values, ends_s)
        self._faults[fault.id] = fault
        return fault

    def __bool__(self) -> bool:
        """Whether anything may be on."""
        return bool(self._faults)

    def revert(self, fault_id: str) -> None:
        """Takes a fault off; one that is not there any more is fine."""
        self._faults.pop(fault_id, None)

    def revert_all(self) -> None:
        """Takes everything off."""
        self._faults.clear()

    def on(self, name: str | None = None) -> list[Fault]:
        """What is on at this moment, all or those of one name."""
        now_s = clock.now()
        self._faults = {key: fault for key, fault in self._faults.items() if fault.ends_s > now_s}
        return [fault for fault in self._faults.values() if name in (None, fault.name)]

    def product(self, name: str, parameter: str) -> float:
        """The parameter of all faults of this name multiplied; 1 without any."""
        return math.prod(fault.parameters[parameter] for fault in self.on(name))


def _number(fault: str, key: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise FaultError(f"fault {fault} needs {key}, a number from {low:g} to {high:g}, not {value!r}")
    return float(value)
