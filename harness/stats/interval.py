"""Confidence intervals that are valid at any time, for a bad fraction and for a quantile, by inverting the e-process.

An interval consists of the values that the e-process does not exclude, at an α of its own for each end. It misses the
true value, at any time, with probability alpha_low + alpha_high or less, and it excludes an objective exactly when the
e-process decides about it. Source for quantiles: Howard and Ramdas, "Sequential estimation of quantiles", Bernoulli
28(3) 2022. `n` and `bad` are effective (deflated) counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from harness.stats.eprocess import log_evidence

_BISECTIONS = 30


def fraction_interval(n: float, bad: float, alpha_low: float, alpha_high: float) -> tuple[float, float]:
    """(low, high) of the bad fraction after n arrivals of which `bad` were bad; (0, 1) without arrivals."""
    return lowest_fraction(n, bad, alpha_low), highest_fraction(n, bad, alpha_high)


def lowest_fraction(n: float, bad: float, alpha: float) -> float:
    """The low end alone; 0 without arrivals."""
    if n <= 0:
        return 0.0
    return _last(bad / n, 0.0, lambda theta: log_evidence(theta, n, bad, below=False) < -math.log(alpha))


def highest_fraction(n: float, bad: float, alpha: float) -> float:
    """The high end alone; 1 without arrivals."""
    if n <= 0:
        return 1.0
    return _last(bad / n, 1.0, lambda theta: log_evidence(theta, n, bad, below=True) < -math.log(alpha))


def quantile_ranks(n: float, q: float, alpha_low: float, alpha_high: float) -> tuple[float, float]:
    """(low, high) in [0, 1]: the true q-quantile lies between these quantiles of n values; high 1: no upper limit yet.

    A value is too small to be the q-quantile if more than a share 1 − low of the values exceeds it, and too large if
    less than 1 − high does. (0, 1) without values.
    """
    if n <= 0:
        return 0.0, 1.0
    theta = 1 - q
    most = _last(theta, 1.0, lambda share: log_evidence(theta, n, share * n, below=False) < -math.log(alpha_low))
    least = _last(theta, 0.0, lambda share: log_evidence(theta, n, share * n, below=True) < -math.log(alpha_high))
    return 1 - most, 1 - least


def _last(inside: float, end: float, included: Callable[[float], bool]) -> float:
    """The last value between `inside` and `end` that is included, by bisection; the evidence grows towards `end`."""
    near, far = inside, end
    if not 0 < far < 1:
        far = min(max(far, 1e-12), 1 - 1e-12)
    if included(far):
        return end
    for _ in range(_BISECTIONS):
        middle = (near + far) / 2
        near, far = (middle, far) if included(middle) else (near, middle)
    return near
