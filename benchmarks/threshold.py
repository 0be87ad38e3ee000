"""Threshold of a benchmark, with its result, and the interval of a share that it is about."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist


@dataclass(frozen=True)
class Threshold:
    """A condition that a benchmark must meet: its text, whether it was met, and the figure found."""

    text: str
    ok: bool
    found: str

    @property
    def line(self) -> str:
        """The threshold for people, on one line."""
        return f"{'✓' if self.ok else '✗'} {self.text}: {self.found}"


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of n. Source: Wilson, JASA 22(158) 1927."""
    z = NormalDist().inv_cdf(0.975)
    middle, half = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, (middle - half) / (1 + z * z / n)), min(1.0, (middle + half) / (1 + z * z / n))
