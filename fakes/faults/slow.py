"""`slow`: multiplies service times."""

from __future__ import annotations

import math
from collections.abc import Mapping

from fakes.faults.base import Range, Revert, Scope


class Slow:
    """Multiplies service times; several active ones multiply each other."""

    name = "slow"
    scope: Scope = "deployment"
    parameters: Mapping[str, Range] = {"factor": Range(0.1, 1000)}

    def __init__(self) -> None:
        self._factors: list[float] = []

    @property
    def factor(self) -> float:
        """The factor of service times now; 1 without an active fault."""
        return math.prod(self._factors)

    def apply(self, parameters: Mapping[str, float]) -> Revert:
        factor = parameters["factor"]
        self._factors.append(factor)
        return lambda: self._factors.remove(factor)
