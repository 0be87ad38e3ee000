"""When arrivals are due: a Poisson process that asks for its rate at each step, so that a surge acts at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random


def seeded(purpose: str, seed: int) -> Random:
    """Random numbers of their own for each purpose, so that one does not shift the other."""
    return Random(f"{purpose} {seed}")  # noqa: S311  # a load is to be repeatable, not secret


def poisson(rng: Random, start_s: float, rate_per_s: Callable[[], float]) -> Iterator[float]:
    """Endless due times after `start_s`, in order, whatever the server does."""
    due_s = start_s
    while True:
        due_s += rng.expovariate(rate_per_s())
        yield due_s
