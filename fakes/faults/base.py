"""The interface of a fault, and the board that keeps the active ones and reverts each after its maximum duration."""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Revert = Callable[[], None]
Scope = Literal["process", "deployment"]
"""What has the fault: `process`, which a restart replaces, or `deployment`: new pods have it too."""
MAX_DURATION = (0.05, 3600.0)


class FaultError(Exception):
    """The fault is unknown or a parameter is invalid; `str(error)` names it and what is valid."""


@dataclass(frozen=True)
class Range:
    """The valid values of a parameter; one with a default can be left out."""

    low: float
    high: float
    whole: bool = False
    default: float | None = None

    def read(self, name: str, value: object) -> float:
        """Return `value` when it is valid, and the default for None. Raises FaultError."""
        if value is None and self.default is not None:
            return self.default
        fits = isinstance(value, int if self.whole else int | float) and not isinstance(value, bool)
        if not fits or not self.low <= value <= self.high:  # type: ignore[operator]
            kind = "a whole number" if self.whole else "a number"
            raise FaultError(f"{name} is {value!r}: it must be {kind} from {self.low:g} to {self.high:g}")
        return value  # type: ignore[return-value]


class Fault(Protocol):
    """Breaks one mechanism of one service."""

    @property
    def name(self) -> str: ...

    @property
    def scope(self) -> Scope: ...

    @property
    def parameters(self) -> Mapping[str, Range]: ...

    def apply(self, parameters: Mapping[str, float]) -> Revert:
        """Break the mechanism; return the revert, which is called once."""
        ...


@dataclass(frozen=True)
class Active:
    """A fault that was applied; `ends_s` on the event loop's clock."""

    name: str
    parameters: Mapping[str, float]
    revert: Revert
    ends_s: float
    timer: asyncio.TimerHandle = field(repr=False)


class FaultBoard:
    """The active faults of this process; each ends after its maximum duration."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._known = {fault.name: fault for fault in faults}
        self._active: dict[str, Active] = {}
        self._had: set[str] = set()

    def apply(self, request: Mapping[str, object]) -> dict[str, str]:
        """Apply the fault of `{"name", "max_duration_s", …parameters}`; return `{"id", "scope"}`. Raises FaultError.

        The request can give an `id`; nothing is applied a second time under the same id.
        """
        fault = self._find(request.get("name"))
        duration_s = Range(*MAX_DURATION).read("max_duration_s", request.get("max_duration_s"))
        given = {key: value for key, value in request.items() if key not in ("id", "name", "max_duration_s")}
        if unknown := sorted(given.keys() - fault.parameters.keys()):
            raise FaultError(f"{fault.name} has no parameter {unknown[0]!r}: it has {_listed(fault.parameters)}")
        parameters = {key: allowed.read(key, given.get(key)) for key, allowed in fault.parameters.items()}
        id_ = str(request.get("id") or f"{fault.name}-{secrets.token_hex(4)}")
        if id_ not in self._had:
            self._had.add(id_)
            self._start(id_, fault, parameters, duration_s)
        return {"id": id_, "scope": fault.scope}

    def _start(self, id_: str, fault: Fault, parameters: Mapping[str, float], duration_s: float) -> None:
        loop = asyncio.get_running_loop()
        revert = fault.apply(parameters)
        timer = loop.call_later(duration_s, self.revert, id_)
        self._active[id_] = Active(fault.name, parameters, revert, loop.time() + duration_s, timer)

    def revert(self, number: str) -> None:
        """Revert the fault with this id. Idempotent."""
        if fault := self._active.pop(number, None):
            fault.timer.cancel()
            fault.revert()

    def revert_all(self) -> None:
        """Revert all active faults."""
        for number in tuple(self._active):
            self.revert(number)

    def state(self, number: str) -> dict[str, object] | None:
        """Return `{"id", "active"}` of a fault that was applied in this process; None for any other id."""
        return {"id": number, "active": number in self._active} if number in self._had else None

    def active(self) -> list[dict[str, object]]:
        """Return `[{"id", "name", "left_s", …parameters}]`, oldest first."""
        now_s = asyncio.get_running_loop().time()
        return [
            {
                "id": id_,
                "name": fault.name,
                "left_s": math.ceil((fault.ends_s - now_s) * 1000) / 1000,
                **fault.parameters,
            }
            for id_, fault in self._active.items()
        ]

    def _find(self, name: object) -> Fault:
        if not isinstance(name, str) or name not in self._known:
            raise FaultError(f"there is no fault {name!r} here: there is {_listed(self._known)}")
        return self._known[name]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
