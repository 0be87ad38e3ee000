"""Bound on the probability that an incident which ends by itself looks like one that a response has ended.

Model: on both sides the incident ends at an unknown constant rate λ, independently. At age r a response without effect
begins. It is wrongly credited if the incident on the treatment ends at an age a from r to r + w, and the one on the
control has not ended at age f·a. The probability of that is

    ∫ λ exp(−λa) exp(−λfa) da = exp(−(1 + f)λr) · (1 − exp(−(1 + f)λw)) / (1 + f).

Its largest value over λ is (1 + u)^(−1/u) · u / (1 + u) / (1 + f) with u = w/r. Earlier runs with m ends in e seconds
multiply it by P(Poisson(λe) <= m). Source: survival functions; Cox and Oakes, Analysis of Survival Data, 1984, ch. 2.

That is about one window. The recovery chooses its own: a late one is credited too, if the control is observed for
longer. So the share of all drills without effect that are credited is larger than the limit: `credited_share`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_RATES, _DECADES = 400, 8
_SHARE_RATES = [10 ** (step / 40 - 3) for step in range(200)]
"""Rates per age of the incident at the response, among which the largest share is looked for."""
_LEAST_RATIO = 2.0
"""The control is observed until at least so many times the age of the recovery (verdict/state.py)."""


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


def credited_share(limit: float) -> float:
    """Largest share of drills without effect that are credited on a first run, over all constant rates.

    A recovery w seconds after a response at age r is credited if the control is still broken at f(w) times its age,
    where f(w) is the smallest ratio of at least 2 with `self_heal_bound(w, r, f(w)) <= limit`. The share is the largest
    value over λ of ∫ λ exp(−λ (1 + f(w)) (r + w)) dw, by the trapezoidal rule. It does not depend on r.
    """
    windows = [0.0, *(10 ** (step / 50 - 4) for step in range(400))]
    spans = [(1 + w) * max(1 + _LEAST_RATIO, _largest(w, 1.0) / limit if w else 0.0) for w in windows]
    return max(_integral(windows, [rate * math.exp(-rate * span) for span in spans]) for rate in _SHARE_RATES)


def _integral(at: Sequence[float], values: Sequence[float]) -> float:
    steps = zip(pairwise(at), pairwise(values), strict=True)
    return math.fsum((right - left) * (low + high) / 2 for (left, right), (low, high) in steps)


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
