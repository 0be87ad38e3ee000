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

_BELOW = (0.0, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
"""Alternatives below θ, as multiples of it."""
_ABOVE = (1.1, 1.25, 1.6, 2.0, 3.0, 5.0)
_ABOVE_ABSOLUTE = (0.5, 0.9)
_Gain = tuple[float, float]
"""What one bad and one good arrival add to the logarithm of a likelihood ratio."""


def log_evidence(theta: float, n: float, bad: float, *, below: bool) -> float:
    """log E that the fraction is below θ (or above it), after n arrivals of which `bad` were bad; 0 < θ < 1."""
    good = n - bad
    if bad <= 0:  # 0 · -∞ is 0 here: no bad arrival, no reason against q = 0
        return _log_mean_exp([good * gain for _, gain in _gains(theta, below)])
    return _log_mean_exp([bad * loss + good * gain for loss, gain in _gains(theta, below)])


@lru_cache(maxsize=1024)
def _gains(theta: float, below: bool) -> tuple[_Gain, ...]:
    if below:
        alternatives = [theta * factor for factor in _BELOW]
    else:
        alternatives = [theta * factor for factor in _ABOVE if theta * factor < 1]
        alternatives += [q for q in _ABOVE_ABSOLUTE if q > theta] or [(1 + theta) / 2]
    return tuple((_log(q / theta), math.log1p(-q) - math.log1p(-theta)) for q in alternatives)


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf


def _log_mean_exp(values: Sequence[float]) -> float:
    top = max(values)
    return top if top == -math.inf else top + math.log(sum(math.exp(value - top) for value in values) / len(values))


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
