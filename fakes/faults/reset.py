"""`reset`: connections end with a RST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from fakes.faults.base import Range
from fakes.forwarding.effects import SEED, SHARE, Draw, Effect, Exchange

if TYPE_CHECKING:
    from fakes.forwarding.link import Link


class Reset(Effect):
    """Resets a share of the connections: of the existing ones, of the new ones, and at each further request."""

    name: ClassVar[str] = "reset"
    parameters: ClassVar[Mapping[str, Range]] = {"share": SHARE, "seed": SEED}

    def __init__(self, parameters: Mapping[str, float]) -> None:
        self._draw = Draw(parameters)

    def met(self, link: Link) -> None:
        if self._draw.hit():
            link.reset()

    def turn(self, link: Link, request: bytes) -> Exchange | None:
        if link.last is not None and self._draw.hit():  # the first request of a connection was drawn with it
            link.reset()
        return None
