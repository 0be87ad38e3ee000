"""Work takes longer: service times are multiplied."""

from __future__ import annotations

import math
from collections.abc import Mapping

from fakes.faults.base import Range, Revert


class Slow:
    """`slow`; several at once multiply."""

    name = "slow"
    parameters: Mapping[str, Range] = {"factor": Range(0.1, 1000)}

    def __init__(self) -> None:
        self._factors: list[float] = []

    @property
    def factor(self) -> float:
        """By what service times are to be multiplied now."""
        return math.prod(self._factors)

    def inject(self, parameters: Mapping[str, float]) -> Revert:
        factor = parameters["factor"]
        self._factors.append(factor)
        return lambda: self._factors.remove(factor)
