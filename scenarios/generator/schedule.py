"""Schedules of open arrivals: the distribution of the gaps, and how the rate changes over the run.

A schedule is written as text, so that it fits into a form, an option and an environment variable:

| text | arrivals |
|---|---|
| `poisson` | at random, independent of each other |
| `constant` | evenly spaced |
| `poisson ramp 0 1 60` | the rate grows from 0 to its full value in 60 s, then stays |
| `constant steps 30 1 2 4` | 1, 2, then 4 times the rate, 30 s each; the last stays |
| `poisson spike 5 30 10` | 5 times the rate from second 30 on, for 10 s |
| `trace FILE` | at the offsets in seconds in FILE, one per line; the rate is ignored |
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from random import Random

HELP = "poisson or constant, with `ramp FROM TO SECONDS`, `steps SECONDS N N…` or `spike N AT SECONDS`; or trace FILE"
LAWS = ("poisson", "constant")


class ScheduleError(ValueError):
    """The schedule is invalid; the message says why and lists valid ones."""


@dataclass(frozen=True)
class Rate:
    """Arrivals a second, and a factor that is evaluated at each arrival, so that a surge acts at once."""

    per_s: float
    factor: Callable[[], float] = lambda: 1.0


@dataclass(frozen=True)
class Profile:
    """A factor on the rate over the run: `points` are (seconds since the start, factor), linear in between."""

    points: tuple[tuple[float, float], ...] = ((0.0, 1.0),)

    def at(self, at_s: float) -> float:
        """Return the factor `at_s` seconds after the start."""
        for (left_s, left), (right_s, right) in pairwise(self.points):
            if at_s < right_s:
                return left + (right - left) * max(0.0, at_s - left_s) / (right_s - left_s)
        return self.points[-1][1]

    def area(self, from_s: float, until_s: float) -> float:
        """Return the factor integrated over a time, in seconds; 0 for an empty one."""
        inner = (at_s for at_s, _ in self.points if from_s < at_s < until_s)
        return sum((self.at(a) + self.at(b)) / 2 * (b - a) for a, b in pairwise((from_s, *inner, max(from_s, until_s))))

    def after(self, at_s: float, area: float) -> float:
        """Return the instant at which the factor, integrated from `at_s`, reaches `area` seconds; inf if never."""
        for (left_s, left), (right_s, right) in pairwise(self.points):
            if at_s >= right_s:
                continue
            slope = (right - left) / (right_s - left_s)
            here = left + slope * (at_s - left_s)
            whole = (here + right) / 2 * (right_s - at_s)
            if area <= whole:
                return at_s + 2 * area / (here + math.sqrt(max(0.0, here * here + 2 * slope * area)))
            at_s, area = right_s, area - whole
        last = self.points[-1][1]
        return at_s + area / last if last else math.inf


@dataclass(frozen=True)
class Schedule:
    """Law of the gaps and profile of the rate; `trace_s` are recorded offsets, None where arrivals follow the law."""

    law: str = "poisson"
    profile: Profile = Profile()
    trace_s: tuple[float, ...] | None = None

    def dues(self, rng: Random, started_s: float, from_s: float, rate: Rate) -> Iterator[float]:
        """Yield the due times after `from_s`, in order, of a run that began at `started_s`; it may end with inf."""
        if self.trace_s is not None:
            yield from self._recorded(self.trace_s, started_s, from_s, rate)
            return
        due_s, poisson, flat = from_s - started_s, self.law == "poisson", self.profile == Profile()
        while due_s < math.inf:
            area = (-math.log(1.0 - rng.random()) if poisson else 1.0) / (rate.per_s * rate.factor())
            due_s = due_s + area if flat else self.profile.after(due_s, area)
            yield started_s + due_s

    def expected(self, from_s: float, until_s: float, rate_per_s: float) -> float:
        """Return the expected number of arrivals in a time; seconds since the start of the run."""
        if self.trace_s is not None:
            return sum(from_s <= offset_s < until_s for offset_s in self.trace_s)
        return rate_per_s * self.profile.area(from_s, until_s)

    def _recorded(self, trace_s: tuple[float, ...], started_s: float, from_s: float, rate: Rate) -> Iterator[float]:
        last_s, due_s = from_s - started_s, from_s
        for offset_s in trace_s[bisect_left(trace_s, last_s) :]:
            due_s += (offset_s - last_s) / rate.factor()
            last_s = offset_s
            yield due_s


@lru_cache
def parse(text: str) -> Schedule:
    """Parse a schedule. Raises ScheduleError when it is invalid."""
    kind, *rest = text.split() or [""]
    try:
        if kind == "trace" and rest:
            return Schedule("trace", trace_s=_read_trace(Path(" ".join(rest))))
        if kind not in LAWS:
            raise ValueError("it must begin with one of " + ", ".join((*LAWS, "trace")))
        return Schedule(kind, _profile(*rest) if rest else Profile())
    except (ValueError, OSError) as error:
        raise ScheduleError(f"schedule {text!r} is invalid: {error}. Valid: {HELP}") from error


def _profile(shape: str, *arguments: str) -> Profile:
    numbers = [float(argument) for argument in arguments]
    if any(not 0 <= number < math.inf for number in numbers):
        raise ValueError("its numbers must be 0 or more")
    if shape == "ramp" and len(numbers) == 3:
        first, last, long_s = numbers
        return _increasing([(0.0, first), (long_s, last)])
    if shape == "steps" and len(numbers) >= 2:
        long_s, *factors = numbers
        edges = [(at * long_s, factor) for number, factor in enumerate(factors) for at in (number, number + 1)]
        return _increasing(edges)
    if shape == "spike" and len(numbers) == 3:
        factor, at_s, long_s = numbers
        return _increasing([(0.0, 1.0), (at_s, 1.0), (at_s, factor), (at_s + long_s, factor), (at_s + long_s, 1.0)])
    raise ValueError(f"{shape!r} with {len(numbers)} numbers is not a shape")


def _increasing(points: list[tuple[float, float]]) -> Profile:
    """Return the profile; the second of two points at one instant moves by a nanosecond, as `after` needs a width."""
    for number in range(1, len(points)):
        if points[number][0] <= points[number - 1][0]:
            points[number] = (points[number - 1][0] + 1e-9, points[number][1])
    return Profile(tuple(points))


def _read_trace(path: Path) -> tuple[float, ...]:
    offsets_s = tuple(float(line) for line in path.read_text().split())
    if not offsets_s or offsets_s[0] < 0 or any(late < early for early, late in pairwise(offsets_s)):
        raise ValueError(f"{path} must contain offsets in seconds, in ascending order, from 0 on")
    return offsets_s


def seeded(purpose: str, seed: int) -> Random:
    """Return a random generator of its own per purpose, so that one does not shift the other."""
    return Random(f"{purpose} {seed}")  # noqa: S311  # a load is to be repeatable, not secret
