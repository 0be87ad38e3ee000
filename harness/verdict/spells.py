"""Healthy spells of one side: stretches of time in which an objective was met, however short.

The control of a flapping incident is healthy now and then. A recovery of the treatment means something only if it lasts
clearly longer than those spells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from harness.conditions import Condition
from harness.measures.reading import Reading
from harness.measures.sampled import SampledMeasure
from harness.stats.inflation import Slice
from harness.stats.sequential import SLICE_S
from harness.verdict.measurement import slices
from harness.verdict.window import Question, Window


@dataclass(frozen=True)
class Spells:
    """Lengths in seconds of the longest healthy spell of a window, and of the one that its end belongs to."""

    longest_s: float
    last_s: float


def spells(question: Question, window: Window) -> Spells:
    """The healthy spells of a window.

    For arrivals a spell is a stretch whose bad fraction is within the objective; slices without arrivals count as
    healthy, because they show nothing else. For a sampled measure it is a run of samples that meet the objective.
    """
    measure = question.condition.measure
    if isinstance(measure, SampledMeasure):
        return _of_samples([_met(question.condition, reading) for reading in measure.readings(window.samples)], window)
    return _of_slices(slices(question.condition, window, pessimistic=False), question.condition.theta or 0.0)


def _met(condition: Condition, reading: Reading) -> bool:
    """Whether a sample may meet the objective; an incomplete one counts as healthy, because it shows nothing else."""
    return condition.decided_by(reading) is not False


def _of_samples(met: list[bool], window: Window) -> Spells:
    period_s = (window.end - window.start) / len(met) if met else 0.0
    runs = [0, *accumulate(met, lambda run, is_met: run + 1 if is_met else 0, initial=0)]
    return Spells(max(runs) * period_s, runs[-1] * period_s)


def _of_slices(counted: list[Slice], theta: float) -> Spells:
    """The longest stretch with bad <= θ · n, by the prefix sums of bad − θ · n: those at its ends must not rise."""
    sums = list(accumulate((piece.bad - theta * piece.n for piece in counted), initial=0.0))
    ends = len(sums) - 1
    last = next((ends - begin for begin in range(ends) if sums[ends] <= sums[begin]), 0)
    return Spells(max(_longest(sums), default=0) * SLICE_S, last * SLICE_S)


def _longest(sums: list[float]) -> Iterator[int]:
    """Lengths of stretches that do not rise, the longest of each beginning that can be the longest of all."""
    lowest_after = list(accumulate(reversed(sums), min))[::-1]
    end = 0
    for begin, height in enumerate(sums):
        while end + 1 < len(sums) and lowest_after[end + 1] <= height:
            end += 1
        if end > begin:
            yield end - begin
