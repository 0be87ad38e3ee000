"""The contract of a fault, and the board that holds those that are on and ends each in time."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

Revert = Callable[[], None]
MAX_DURATION = (0.05, 3600.0)


class BadFault(Exception):
    """The fault is unknown here, or a parameter is wrong; `str(error)` says which and what would be right."""


@dataclass(frozen=True)
class Range:
    """What a parameter may be."""

    low: float
    high: float
    whole: bool = False

    def read(self, name: str, value: object) -> float:
        """Raises BadFault."""
        fits = isinstance(value, int if self.whole else int | float) and not isinstance(value, bool)
        if not fits or not self.low <= value <= self.high:  # type: ignore[operator]
            kind = "a whole number" if self.whole else "a number"
            raise BadFault(f"{name} is {value!r}: it must be {kind} from {self.low:g} to {self.high:g}")
        return value  # type: ignore[return-value]


class Fault(Protocol):
    """One way to break one mechanism of one service."""

    @property
    def name(self) -> str: ...

    @property
    def parameters(self) -> Mapping[str, Range]: ...

    def inject(self, parameters: Mapping[str, float]) -> Revert:
        """Break it; the revert is called once."""
        ...


@dataclass(frozen=True)
class _On:
    name: str
    parameters: Mapping[str, float]
    revert: Revert
    ends_at: float
    timer: asyncio.TimerHandle = field(repr=False)


class Board:
    """The faults that are on in this process."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._known = {fault.name: fault for fault in faults}
        self._on: dict[str, _On] = {}
        self._ids = itertools.count(1)

    def inject(self, order: Mapping[str, object]) -> str:
        """From `{"name", "max_duration_s", …parameters}` to the fault's id. Raises BadFault, and then nothing is on."""
        fault = self._find(order.get("name"))
        duration_s = Range(*MAX_DURATION).read("max_duration_s", order.get("max_duration_s"))
        given = {key: value for key, value in order.items() if key not in ("name", "max_duration_s")}
        if unknown := sorted(given.keys() - fault.parameters.keys()):
            raise BadFault(f"{fault.name} has no parameter {unknown[0]!r}: it has {_listed(fault.parameters)}")
        parameters = {key: allowed.read(key, given.get(key)) for key, allowed in fault.parameters.items()}
        number = str(next(self._ids))
        loop = asyncio.get_running_loop()
        revert = fault.inject(parameters)
        timer = loop.call_later(duration_s, self.revert, number)
        self._on[number] = _On(fault.name, parameters, revert, loop.time() + duration_s, timer)
        return number

    def revert(self, number: str) -> None:
        """End it; nothing happens when it has ended already."""
        if on := self._on.pop(number, None):
            on.timer.cancel()
            on.revert()

    def revert_all(self) -> None:
        for number in tuple(self._on):
            self.revert(number)

    def on(self) -> list[dict[str, object]]:
        """`[{"id", "name", "left_s", …parameters}]`, oldest first."""
        now = asyncio.get_running_loop().time()
        return [
            {"id": number, "name": on.name, "left_s": math.ceil((on.ends_at - now) * 1000) / 1000, **on.parameters}
            for number, on in self._on.items()
        ]

    def _find(self, name: object) -> Fault:
        if not isinstance(name, str) or name not in self._known:
            raise BadFault(f"there is no fault {name!r} here: there is {_listed(self._known)}")
        return self._known[name]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
