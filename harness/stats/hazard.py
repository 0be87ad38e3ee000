"""Bound on the probability that an incident which ends by itself looks like one that a response has ended.

Model: on both sides the incident ends at an unknown constant rate λ, independently. At age r a response without effect
begins. It is wrongly credited if the incident on the treatment ends at an age a from r to r + w, and the one on the
control has not ended at age f·a. The probability of that is

    ∫ λ exp(−λa) exp(−λfa) da = exp(−(1 + f)λr) · (1 − exp(−(1 + f)λw)) / (1 + f).

Its largest value over λ is (1 + u)^(−1/u) · u / (1 + u) / (1 + f) with u = w/r. Earlier runs with m ends in e seconds
multiply it by P(Poisson(λe) <= m). Source: survival functions; Cox and Oakes, Analysis of Survival Data, 1984, ch. 2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_RATES, _DECADES = 400, 8


@dataclass(frozen=True)
class EarlierRuns:
    """Exposure of earlier runs without a response, in seconds, and how often the incident ended by itself in it."""

    exposure_s: float = 0.0
    ends: int = 0


NONE = EarlierRuns()


def self_heal_bound(window_s: float, before_s: float, ratio: float, earlier: EarlierRuns = NONE) -> float:
    """Largest probability of a wrong credit over all constant rates.

    `window_s`: from the response's first change to the recovery. `before_s`: age of the incident at that change.
    `ratio`: age of the still broken control, over the age of the treatment at its recovery; at least 1.
    """
    if window_s <= 0:
        return 0.0
    if not earlier.exposure_s:
        return _largest(window_s, before_s) / (1 + ratio)
    start = 1 / (window_s + before_s + earlier.exposure_s)
    rates = (start * 10 ** (_DECADES * (step / _RATES - 0.5)) for step in range(_RATES + 1))
    return max(_wrong_credit(rate, window_s, before_s, ratio, earlier) for rate in rates)


def _largest(window_s: float, before_s: float) -> float:
    """The largest value over λ of exp(−λr) (1 − exp(−λw)), which is at λ = ln(1 + w/r) / w."""
    if before_s <= 0:
        return 1.0
    u = window_s / before_s
    return float((1 + u) ** (-1 / u) * u / (1 + u)) if math.isfinite(u) else 1.0


def ratio_needed(window_s: float, before_s: float, alpha: float, earlier: EarlierRuns = NONE) -> float:
    """Smallest ratio of the ages, to within a hundredth, at which the bound is at most `alpha`; at least 1."""
    low, high = 1.0, 1.0
    while self_heal_bound(window_s, before_s, high, earlier) > alpha:
        low, high = high, 2 * high
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (middle, high) if self_heal_bound(window_s, before_s, middle, earlier) > alpha else (low, middle)
    return high


def _wrong_credit(rate: float, window_s: float, before_s: float, ratio: float, earlier: EarlierRuns) -> float:
    both = (1 + ratio) * rate
    return _survives(rate, earlier) * math.exp(-both * before_s) * -math.expm1(-both * window_s) / (1 + ratio)


def _survives(rate: float, earlier: EarlierRuns) -> float:
    """P(Poisson(rate · exposure) <= ends)."""
    expected = rate * earlier.exposure_s
    if not expected:
        return 1.0
    logs = (k * math.log(expected) - expected - math.lgamma(k + 1) for k in range(earlier.ends + 1))
    return min(1.0, math.fsum(math.exp(log) for log in logs))
