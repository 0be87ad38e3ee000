"""Quantiles of Student's t distribution, which the standard library lacks.

P(T > t) = I_x(ν/2, 1/2) / 2 with x = ν / (ν + t²), where I is the regularised incomplete beta function: NIST Digital
Library of Mathematical Functions, 8.17.22 (its continued fraction), and Abramowitz and Stegun 26.5.27, 26.7.1. The
fraction is evaluated by Lentz's method: Press et al., Numerical Recipes, 3rd edition, 5.2 and 6.4.
"""

from __future__ import annotations

import math
from functools import lru_cache

_TERMS = 300
_TINY = 1e-300
_PRECISION = 1e-15
_BISECTIONS = 80


def t_tail(t: float, freedom: float) -> float:
    """P(T > t) of Student's t distribution with `freedom` > 0 degrees of freedom."""
    half = regularised_beta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2
    return half if t >= 0 else 1 - half


@lru_cache(maxsize=1024)
def t_quantile(p: float, freedom: float) -> float:
    """The p-quantile of Student's t distribution, 0 < p < 1, to a relative error below 1e-9."""
    if p < 0.5:
        return -t_quantile(1 - p, freedom)
    low, high = 0.0, 1.0
    while t_tail(high, freedom) > 1 - p:
        low, high = high, 2 * high
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if t_tail(middle, freedom) > 1 - p else (low, middle)
    return high


def regularised_beta(x: float, a: float, b: float) -> float:
    """I_x(a, b), for 0 <= x <= 1 and a, b > 0."""
    if x in (0, 1):
        return x
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast on the other side only
        return 1 - regularised_beta(1 - x, b, a)
    log_front = a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return math.exp(log_front) / (a * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction 1 + d₁/(1 + d₂/(1 + …)) of DLMF 8.17.22."""
    value = c = 1.0
    d = 0.0
    for number in range(1, _TERMS):
        term = _term(number, x, a, b)
        d, c = 1 / _away(1 + term * d), _away(1 + term / c)
        value *= c * d
        if abs(c * d - 1) < _PRECISION:
            return value
    raise ArithmeticError(f"I_x(a, b) does not converge at x = {x}, a = {a}, b = {b}")


def _term(number: int, x: float, a: float, b: float) -> float:
    m, odd = divmod(number, 2)
    if odd:
        return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))


def _away(value: float) -> float:
    """The value, away from zero."""
    return value if abs(value) > _TINY else _TINY
