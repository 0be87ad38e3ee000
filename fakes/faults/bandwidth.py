"""`bandwidth`: the connections to a service share a slow line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from fakes.faults.base import Range
from fakes.forwarding.effects import Effect, Way

PIECE_S = 0.05
"""A connection sends for at most so long before the next one has its turn."""
BURST_S = 0.01
"""A line that was idle for at least so long passes as much at once; late timers would make it slower otherwise."""


class Bandwidth(Effect):
    """In each direction `bytes_per_s` pass at most, on all connections together."""

    name: ClassVar[str] = "bandwidth"
    parameters: ClassVar[Mapping[str, Range]] = {"bytes_per_s": Range(1, 1e10)}

    def __init__(self, parameters: Mapping[str, float]) -> None:
        self._rate = parameters["bytes_per_s"]
        self._free_s = dict.fromkeys(Way, 0.0)

    def piece_bytes(self) -> int:
        return max(1, int(self._rate * PIECE_S))

    def passed_s(self, way: Way, size: int, now_s: float) -> float:
        self._free_s[way] = max(self._free_s[way], now_s - BURST_S) + size / self._rate
        return self._free_s[way]
