"""Faults of the load, and the board that keeps the active ones. A fault ends by itself after its maximum duration."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from . import clock

MAX_DURATION_S = 3600.0

PARAMETERS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "surge": {"factor": (0.01, 100)},
    "new-clients": {"share": (0, 1)},
    "crowd": {"connections": (1, 50_000), "slow_share": (0, 1), "ack_delay_ms": (0, 600_000)},
}
"""Parameters of each fault by name, with their lowest and highest values."""


class FaultError(Exception):
    """The fault is unknown or a parameter is invalid; the message names it and what is valid."""


@dataclass(frozen=True)
class Active:
    """A fault that was applied; `ends_s` on the clock of `clock.now()`."""

    id: str
    name: str
    parameters: Mapping[str, float]
    ends_s: float


class FaultBoard:
    """The active faults of one scenario; `known` are the names of those that it supports."""

    def __init__(self, known: tuple[str, ...]) -> None:
        self._known = known
        self._active: dict[str, Active] = {}
        self._had: set[str] = set()

    def apply(self, request: Mapping[str, object]) -> str:
        """Apply the fault of `{"name", "max_duration_s", …parameters}`; return its id. Raises FaultError.

        The request can give an `id`; nothing is applied a second time under the same id.
        """
        name = request.get("name")
        if not isinstance(name, str) or name not in self._known:
            raise FaultError(f"unknown fault {name!r}: this scenario knows {', '.join(self._known)}")
        ranges = {**PARAMETERS[name], "max_duration_s": (0.001, MAX_DURATION_S)}
        if unknown := sorted(request.keys() - ranges.keys() - {"id", "name"}):
            raise FaultError(f"fault {name} has no parameter {unknown[0]!r}: it takes {', '.join(ranges)}")
        values = {key: _number(name, key, request.get(key), *limits) for key, limits in ranges.items()}
        ends_s = clock.now() + values.pop("max_duration_s")
        fault_id = str(request.get("id") or f"{name}-{secrets.token_hex(4)}")
        if fault_id not in self._had:
            self._had.add(fault_id)
            self._active[fault_id] = Active(fault_id, name, values, ends_s)
        return fault_id

    def __bool__(self) -> bool:
        """Return whether any fault may be active."""
        return bool(self._active)

    def revert(self, fault_id: str) -> None:
        """Revert the fault with this id. Idempotent."""
        self._active.pop(fault_id, None)

    def revert_all(self) -> None:
        """Revert all active faults."""
        self._active.clear()

    def state(self, fault_id: str) -> dict[str, object] | None:
        """Return `{"id", "active"}` of a fault that was applied in this process; None for any other id."""
        on = any(fault.id == fault_id for fault in self.active())
        return {"id": fault_id, "active": on} if fault_id in self._had else None

    def active(self, name: str | None = None) -> list[Active]:
        """Return the active faults, all or those of one name, oldest first."""
        now_s = clock.now()
        self._active = {key: fault for key, fault in self._active.items() if fault.ends_s > now_s}
        return [fault for fault in self._active.values() if name in (None, fault.name)]

    def product(self, name: str, parameter: str) -> float:
        """Return the product of a parameter over the active faults of one name; 1 without any."""
        return math.prod(fault.parameters[parameter] for fault in self.active(name))


def _number(fault: str, key: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise FaultError(f"fault {fault} needs {key}, a number from {low:g} to {high:g}, not {value!r}")
    return float(value)
