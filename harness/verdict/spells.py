"""Healthy spells of one side: stretches of time in which an objective was met, however short.

The control of a flapping incident is healthy now and then. A recovery of the treatment means something only if it lasts
clearly longer than those spells.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from harness.conditions import Condition
from harness.measures.reading import Reading
from harness.measures.sampled import SampledMeasure
from harness.stats.inflation import Slice
from harness.stats.sequential import SLICE_S
from harness.verdict.measurement import column_of
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
    condition = question.condition
    if isinstance(condition.measure, SampledMeasure):
        return _of_samples([_met(condition, reading) for reading in condition.measure.readings(window.samples)], window)
    column, (start, end) = column_of(condition, window, pessimistic=False), window.numbers
    if column is None:
        return Spells(0.0, 0.0)
    return column.derived(start, end, "spells", lambda: _Stretches(condition.theta or 0.0)).until(end - start)


def _met(condition: Condition, reading: Reading) -> bool:
    """Whether a sample may meet the objective; an incomplete one counts as healthy, because it shows nothing else."""
    return condition.decided_by(reading) is not False


def _of_samples(met: list[bool], window: Window) -> Spells:
    period_s = (window.end - window.start) / len(met) if met else 0.0
    runs = [0, *accumulate(met, lambda run, is_met: run + 1 if is_met else 0, initial=0)]
    return Spells(max(runs) * period_s, runs[-1] * period_s)


class _Stretches:
    """After each slice, the longest stretch with bad <= θ · n, and the one that ends there.

    By the prefix sums of bad − θ · n: those at the ends of such a stretch do not rise. So the one that ends at a slice
    begins where the sums first were as high, which is where the highest sum so far was.
    """

    def __init__(self, theta: float) -> None:
        self._theta = theta
        self._sums, self._highest, self._longest = array("d", [0.0]), array("d", [0.0]), array("L", [0])

    def __len__(self) -> int:
        return len(self._sums) - 1

    def extend(self, slices: Iterable[Slice]) -> None:
        for piece in slices:
            self._sums.append(self._sums[-1] + (piece.bad - self._theta * piece.n))
            self._highest.append(max(self._highest[-1], self._sums[-1]))
            self._longest.append(max(self._longest[-1], self._last(len(self))))

    def forget(self, index: int) -> None:
        for each in (self._sums, self._highest, self._longest):
            del each[index + 1 :]

    def until(self, count: int) -> Spells:
        """The spells of the first `count` slices."""
        return Spells(self._longest[count] * SLICE_S, self._last(count) * SLICE_S)

    def _last(self, end: int) -> int:
        return end - bisect_left(self._highest, self._sums[end], hi=end)
