"""Intervals that hold at whatever moment one looks: for a bad fraction, and for a quantile, by inverting the e-process.

Both hold everything that is not excluded at an α of its own at either end, so they miss the truth with the sum of both
at most, and they exclude an objective exactly when the e-process decides it. For quantiles: Howard and Ramdas,
"Sequential estimation of quantiles", Bernoulli 28(3) 2022. `n` and `bad` are effective (deflated) counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from harness.stats.eprocess import log_evidence

_STEPS = 30


def fraction_interval(n: float, bad: float, alpha_low: float, alpha_high: float) -> tuple[float, float]:
    """All fractions that n arrivals with `bad` bad ones leave open; (0, 1) without arrivals."""
    if n <= 0:
        return 0.0, 1.0
    p = bad / n
    low = _last(p, 0.0, lambda theta: log_evidence(theta, n, bad, below=False) < -math.log(alpha_low))
    high = _last(p, 1.0, lambda theta: log_evidence(theta, n, bad, below=True) < -math.log(alpha_high))
    return low, high


def quantile_ranks(n: float, q: float, alpha_low: float, alpha_high: float) -> tuple[float, float]:
    """Between which quantiles of n values the true q-quantile lies, as (low, high) in [0, 1]; high 1: no upper limit
    yet.

    With more than a share 1 − low of the values above it, a value is too small to be the q-quantile; with fewer than
    1 − high it is too large.
    """
    if n <= 0:
        return 0.0, 1.0
    theta = 1 - q
    most = _last(theta, 1.0, lambda share: log_evidence(theta, n, share * n, below=False) < -math.log(alpha_low))
    least = _last(theta, 0.0, lambda share: log_evidence(theta, n, share * n, below=True) < -math.log(alpha_high))
    return 1 - most, 1 - least


def _last(inside: float, end: float, open_at: Callable[[float], bool]) -> float:
    """The last point on the way from `inside` to `end` that is still open; the evidence only grows on that way."""
    near, far = inside, end
    if not 0 < far < 1:
        far = min(max(far, 1e-12), 1 - 1e-12)
    if open_at(far):
        return end
    for _ in range(_STEPS):
        middle = (near + far) / 2
        near, far = (middle, far) if open_at(middle) else (near, middle)
    return near
