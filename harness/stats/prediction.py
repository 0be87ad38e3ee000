"""Prediction intervals for one more run, from a baseline of runs: whether its P95 is higher than chance explains.

The unit is the run: two runs of the same code differ by much more than their requests suggest. The logarithm y of each
run's P95 is taken as normal. Where the runs have a reference, a measurement x of the machine's speed in the same run,
y is regressed on it, y = a + b·x + noise, so that a slow machine is no slow service. With n runs of the baseline, and
the mean of m new ones at x̄', the limit of an unchanged service is

    a + b·x̄' + t(1 − α; n − 2) · s · √(1/m + 1/n + (x̄' − x̄)² / Σ(x − x̄)²),    s² = Σ residual² / (n − 2);

without a reference it is ȳ + t(1 − α; n − 1) · s · √(1/m + 1/n). b is estimated and not 1: P95 need not follow the
speed of the machine, and dividing by a reference that explains nothing would only add its noise.

Sources: Draper and Smith, Applied Regression Analysis, 3rd edition, 1998, sections 1.4 and 3.1 (prediction of a mean of
m observations); Hahn and Meeker, Statistical Intervals, 1991, section 4.7.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from harness.stats.student import t_quantile

POWER = 0.8
"""The detectable effect is found with this probability."""
LEAST_DEVIATION = 0.004
"""The width of a bucket of latencies: runs that differ by less are alike (stats/histogram.py)."""
_ALIKE = 1e-12
"""Sum of squares below which references are the same number."""


@dataclass(frozen=True)
class RunPoint:
    """One run: P95 and the reference of the same run, both above 0; None: no reference."""

    p95: float
    reference: float | None = None


@dataclass(frozen=True)
class Prediction:
    """New runs compared with what the baseline predicts for them. All are factors on P95.

    `ratio` of the new runs' geometric mean to the prediction; its interval (`low`, `high`) excludes 1 from above
    exactly if `ratio` exceeds `limit`, the largest that chance explains at α. `detectable`: the smallest factor that is
    found with probability POWER. `exponent` b: how P95 follows the reference; None: there is none.
    """

    ratio: float
    low: float
    high: float
    limit: float
    detectable: float
    exponent: float | None

    @property
    def alarms(self) -> bool:
        """Whether P95 is higher than chance explains."""
        return self.ratio > self.limit


def predict(baseline: Sequence[RunPoint], new: Sequence[RunPoint], alpha: float) -> Prediction:
    """Compare new runs with a baseline at one-sided α. At least three runs of a baseline, and one new one."""
    line = _Line.through(baseline)
    values = [(math.log(each.p95), _log(each.reference)) for each in new]
    at = fmean(x for _, x in values)
    error, t = line.error(at, len(values)), t_quantile(1 - alpha, line.freedom)
    difference = fmean(y for y, _ in values) - line.at(at)
    found = difference, difference - t * error, difference + t * error, t * error
    ratio, low, high, limit = map(math.exp, found)
    detectable = math.exp((t + t_quantile(POWER, line.freedom)) * error)
    return Prediction(ratio, low, high, limit, detectable, line.slope if line.sloped else None)


@dataclass(frozen=True)
class _Line:
    """The regression of log P95 on the log of the reference; `sloped` unless there is no reference that varies."""

    runs: int
    mean_x: float
    mean_y: float
    squares: float
    slope: float
    deviation: float
    sloped: bool

    @classmethod
    def through(cls, baseline: Sequence[RunPoint]) -> _Line:
        n = len(baseline)
        if n < 3:
            raise ValueError(f"a baseline of {n} runs predicts nothing; it needs at least three")
        xs, ys = [_log(each.reference) for each in baseline], [math.log(each.p95) for each in baseline]
        mean_x, mean_y = fmean(xs), fmean(ys)
        squares = sum((x - mean_x) ** 2 for x in xs)
        sloped = squares > _ALIKE
        slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / squares if sloped else 0.0
        residuals = [y - mean_y - slope * (x - mean_x) for x, y in zip(xs, ys, strict=True)]
        deviation = math.sqrt(sum(each**2 for each in residuals) / (n - 1 - sloped))
        return cls(n, mean_x, mean_y, squares, slope, max(LEAST_DEVIATION, deviation), sloped)

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the deviation."""
        return self.runs - 1 - self.sloped

    def at(self, x: float) -> float:
        return self.mean_y + self.slope * (x - self.mean_x)

    def error(self, x: float, new: int) -> float:
        """Standard error of the difference between the mean of new runs and the line."""
        distance = (x - self.mean_x) ** 2 / self.squares if self.sloped else 0.0
        return self.deviation * math.sqrt(1 / new + 1 / self.runs + distance)


def _log(reference: float | None) -> float:
    return 0.0 if reference is None else math.log(reference)
