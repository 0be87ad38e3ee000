"""Sequential comparison of two services that run together, by blocks: the ratio of a latency quantile.

Both serve requests of one schedule that are assigned at random. In each block, a few seconds, d is the logarithm of the
candidate's quantile over the base's. What slows the machine down slows both, so it cancels in d. If the two are alike,
d is symmetric around 0, because the labels are exchangeable.

The mean of d after k of K planned blocks is significant if its t statistic is beyond the boundary of O'Brien and
Fleming. In continuous time a Brownian motion that ends at z with P(Z > z) = α/2 crosses the level z before its end with
probability α (reflection principle); so on the scale of Z the boundary after k blocks is z √(K/k). It holds for all
looks together, so the comparison may stop at any block, and the confidence interval of the mean is valid at any block
(repeated confidence intervals). The boundary of Z is converted to one of t at the same significance level.

Neighbouring blocks may be alike, for example if one service collects garbage for longer than a block. So the variance
of the mean is multiplied by the largest batch-means VIF of d. Like all of it this is asymptotic: benchmarks/
comparison_error.py measures the error that is reached.

Sources: O'Brien and Fleming, Biometrics 35(3) 1979; Lan and DeMets, Biometrika 70(3) 1983, α*₁; Jennison and Turnbull,
Group Sequential Methods, 2000, ch. 9 (repeated confidence intervals) and 11 (t tests); Wallace, Annals of Mathematical
Statistics 30(4) 1959 (normal approximation of t); Bulej et al., "Duet benchmarking", ICPE 2020.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

MIN_BLOCKS = 20
"""Fewer blocks decide nothing: their variance is not known well enough."""
MIN_BATCHES = 10
"""Fewer batches give no VIF."""
POWER = 0.8
"""Probability with which the detectable effect is found."""
RESOLUTION = 0.002
"""Smallest standard deviation of d: latencies are counted in buckets that are up to 0.4 % wide."""
_NORMAL = NormalDist()


class Outcome(StrEnum):
    """What is known of a change: it is one for the worse, it is none by more than the margin, or neither yet."""

    REGRESSED = "regressed"
    NOT_WORSE = "not worse"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Design:
    """A comparison as planned: `planned` blocks, error probability `alpha` a direction, `share` claims in one.

    "One of several is worse" is `share` claims, so each gets alpha / share (Bonferroni). "None is worse" is wrong only
    if one of them is, so each gets all of alpha (intersection-union test: Berger, Technometrics 24(4) 1982).
    """

    planned: int
    alpha: float
    share: int = 1


@dataclass(frozen=True)
class Effect:
    """A change for the worse if above 0: the estimate, and the ends of its interval; infinite while there is none.

    `detectable` is the smallest change that is significant at the end of the budget with the probability `POWER`.
    """

    value: float
    low: float = -math.inf
    high: float = math.inf
    detectable: float = math.inf

    def outcome(self, margin: float) -> Outcome:
        """Regressed if it is above 0, unless it is certainly below `margin`."""
        if self.high < margin:
            return Outcome.NOT_WORSE
        return Outcome.REGRESSED if self.low > 0 else Outcome.UNDECIDED


def effect(logs: Sequence[float], design: Design) -> Effect:
    """The mean log ratio of the blocks so far with its interval; without one before MIN_BLOCKS. Needs a block."""
    mean, blocks = _mean(logs), min(len(logs), design.planned)
    if blocks < MIN_BLOCKS:
        return Effect(mean)
    deviation = math.sqrt(max(_variance(logs), RESOLUTION**2) * inflation(logs))
    error = deviation / math.sqrt(len(logs))
    low = mean - error * boundary(blocks, design.planned, design.alpha / design.share)
    high = mean + error * boundary(blocks, design.planned, design.alpha)
    final = boundary(design.planned, design.planned, design.alpha / design.share) + _NORMAL.inv_cdf(POWER)
    return Effect(mean, low, high, final * deviation / math.sqrt(design.planned))


def boundary(blocks: int, planned: int, alpha: float) -> float:
    """How many standard errors the mean of `blocks` must be from a value to exclude it, in one direction at `alpha`."""
    z = _NORMAL.inv_cdf(1 - alpha / 2) * math.sqrt(planned / blocks)
    return _t_of(z, blocks - 1)


def _t_of(z: float, degrees: int) -> float:
    """The t quantile at the significance level of z, by Wallace's approximation; for degrees >= 10.

    Early blocks need tails such as 1e-16, where 1 - p has no digits left. It is up to 1.6 % too large there.
    """
    w = z * (8 * degrees + 3) / (8 * degrees + 1)
    return math.sqrt(degrees * math.expm1(w * w / degrees))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    """The sample variance; `statistics.variance` is exact, and a hundred times slower."""
    mean = _mean(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def inflation(values: Sequence[float]) -> float:
    """The largest batch-means VIF of the values over batches of 2, 4, 8… of which there are MIN_BATCHES; at least 1."""
    single, largest, length = _variance(values), 1.0, 2
    while single > 0 and len(values) // length >= MIN_BATCHES:
        starts = range(0, len(values) // length * length, length)
        means = [_mean(values[start : start + length]) for start in starts]
        largest = max(largest, length * _variance(means) / single)
        length *= 2
    return largest
