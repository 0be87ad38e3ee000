"""`blackhole`: nothing arrives any more, and neither side sees an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakSet

from fakes.faults.base import Range
from fakes.forwarding.effects import SEED, SHARE, Draw, Effect
from fakes.forwarding.pipe import NEVER

if TYPE_CHECKING:
    from fakes.forwarding.link import Link


class Blackhole(Effect):
    """Holds everything on a share of the connections, new ones included; it arrives after the fault, as by TCP."""

    name: ClassVar[str] = "blackhole"
    parameters: ClassVar[Mapping[str, Range]] = {"share": SHARE, "seed": SEED}

    def __init__(self, parameters: Mapping[str, float]) -> None:
        self._draw = Draw(parameters)
        self._cut_off: WeakSet[Link] = WeakSet()

    def met(self, link: Link) -> None:
        if self._draw.hit():
            self._cut_off.add(link)

    def held_until_s(self, link: Link, until_s: float) -> float:
        return NEVER if link in self._cut_off else until_s
