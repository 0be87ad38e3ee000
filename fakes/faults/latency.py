"""`latency`: what a service answers arrives later."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from fakes.faults.base import Range
from fakes.forwarding.effects import SEED, Effect, Way

if TYPE_CHECKING:
    from fakes.forwarding.link import Link


class Latency(Effect):
    """Holds everything that the service sends for `delay_ms`, ± `jitter_ms` at random (uniform), in order."""

    name: ClassVar[str] = "latency"
    parameters: ClassVar[Mapping[str, Range]] = {
        "delay_ms": Range(0, 60_000),
        "jitter_ms": Range(0, 60_000, default=0),
        "seed": SEED,
    }
    ways: ClassVar[Sequence[Way]] = (Way.TO_CLIENT,)

    def __init__(self, parameters: Mapping[str, float]) -> None:
        self._delay_s, self._jitter_s = parameters["delay_ms"] / 1000, parameters["jitter_ms"] / 1000
        self._random = random.Random(parameters["seed"])  # noqa: S311  no secret

    def held_until_s(self, link: Link, until_s: float) -> float:
        jitter_s = self._random.uniform(-self._jitter_s, self._jitter_s) if self._jitter_s else 0.0
        return until_s + max(0.0, self._delay_s + jitter_s)
