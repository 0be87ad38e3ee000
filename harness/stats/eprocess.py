"""Evidence that a fraction of bad arrivals lies below, or above, an allowed fraction θ: an e-process on counts.

A mixture of likelihood ratios over alternatives q on one side of θ. By Ville's inequality the chance that it ever
reaches 1/α while the other side is true is at most α, at whatever moment one looks. Wald 1945; Robbins 1970; Howard,
Ramdas et al., Annals of Statistics 49(2) 2021; Lindon et al. arXiv:2205.14762. Counts may be fractions: they are
deflated before.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

_BELOW = (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
"""Alternatives below θ, as multiples of it, beside q = 0, which has half of the weight: most services are well."""
_NONE_BAD = 0.5
_ABOVE = (1.1, 1.25, 1.6, 2.0, 3.0, 5.0)
_ABOVE_ABSOLUTE = (0.5, 0.9)
_Gain = tuple[float, float, float]
"""Of one alternative: the logarithm of its weight, and what a bad and a good arrival add to that of its ratio."""


def log_evidence(theta: float, n: float, bad: float, *, below: bool) -> float:
    """log E that the fraction is below θ (or above it), after n arrivals of which `bad` were bad; 0 < θ < 1."""
    good = n - bad
    if bad <= 0:  # 0 · -∞ is 0 here: no bad arrival, no reason against q = 0
        return _log_sum_exp([weight + good * gain for weight, _, gain in _gains(theta, below)])
    return _log_sum_exp([weight + bad * loss + good * gain for weight, loss, gain in _gains(theta, below)])


@lru_cache(maxsize=1024)
def _gains(theta: float, below: bool) -> tuple[_Gain, ...]:
    return tuple(
        (math.log(weight), _log(q / theta), math.log1p(-q) - math.log1p(-theta))
        for q, weight in (_alternatives_below(theta) if below else _alternatives_above(theta))
    )


def _alternatives_below(theta: float) -> list[tuple[float, float]]:
    return [(0.0, _NONE_BAD), *((theta * factor, (1 - _NONE_BAD) / len(_BELOW)) for factor in _BELOW)]


def _alternatives_above(theta: float) -> list[tuple[float, float]]:
    above = [theta * factor for factor in _ABOVE if theta * factor < 1] + [q for q in _ABOVE_ABSOLUTE if q > theta]
    above = above or [(1 + theta) / 2]
    return [(q, 1 / len(above)) for q in above]


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf


def _log_sum_exp(values: Sequence[float]) -> float:
    top = max(values)
    return top if top == -math.inf else top + math.log(sum(math.exp(value - top) for value in values))


def restart(theta: float, counts: Iterable[tuple[float, float]], *, below: bool) -> int:
    """Index of the entry of (n, bad) from which the evidence is to be gathered: the restarted e-CUSUM.

    Whenever all that was gathered speaks against the claim (E < 1) it begins anew behind it. What has been gathered
    since then reaches 1/α by mistake no more often than once in 1/α entries on average (Shin, Ramdas and Rinaldo,
    "E-detectors", arXiv:2203.03532).
    """
    start, n, bad = 0, 0.0, 0.0
    for index, (more, worse) in enumerate(counts):
        n, bad = n + more, bad + worse
        if n and log_evidence(theta, n, bad, below=below) < 0:
            start, n, bad = index + 1, 0.0, 0.0
    return start
