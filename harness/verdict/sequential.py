"""A sequential test of "at most a fraction θ of the arrivals is bad", valid at any stopping time.

Mixture of likelihood ratios over alternatives on one side of θ (an e-process; Ville's inequality bounds the chance that
it ever reaches 1/α when the other side is true by α). Wald 1945; Robbins 1970; Howard, Ramdas et al. 2021; Lindon et
al. arXiv:2205.14762. Requests are correlated, so counts are divided by a variance inflation factor (VIF) measured by
batch means on the bad indicator: a heuristic, which makes α nominal rather than proven.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

ALPHA = 0.01
"""Chance of a wrong answer, per condition and direction."""
MIN_SLICES_PASS = 8
MIN_SLICES_FAIL = 3
VIF_MARGIN = 1.3
_BELOW = (0.0, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
_ABOVE = (1.1, 1.25, 1.6, 2.0, 3.0, 5.0)
_ABOVE_ABSOLUTE = (0.5, 0.9)

Slice = tuple[int, int]
"""(arrivals, bad arrivals) of one second."""


@dataclass(frozen=True)
class Decision:
    """`low`: True the fraction is below θ, False above, None undecided. `vif` deflated the counts."""

    low: bool | None
    n: int
    bad: int
    vif: float

    @property
    def fraction(self) -> float | None:
        """Bad fraction seen; None without arrivals."""
        return self.bad / self.n if self.n else None


def _log_mean_exp(values: Sequence[float]) -> float:
    top = max(values)
    return top if top == -math.inf else top + math.log(sum(math.exp(value - top) for value in values) / len(values))


def _log_ratio(q: float, theta: float, n: float, bad: float) -> float:
    if q <= 0:
        return -math.inf if bad > 0 else n * -math.log1p(-theta)
    return bad * math.log(q / theta) + (n - bad) * (math.log1p(-q) - math.log1p(-theta))


def log_evidence(theta: float, n: float, bad: float) -> tuple[float, float]:
    """(log E that the fraction is below θ, log E that it is above), for n arrivals with `bad` bad ones."""
    above = [theta * factor for factor in _ABOVE if theta * factor < 1] + [q for q in _ABOVE_ABSOLUTE if q > theta]
    below = _log_mean_exp([_log_ratio(theta * factor, theta, n, bad) for factor in _BELOW])
    return below, _log_mean_exp([_log_ratio(q, theta, n, bad) for q in above])


def vif(slices: Sequence[Slice]) -> float:
    """How much more the bad count varies between batches of seconds than independent arrivals would; at least 1.

    The largest over dyadic batch lengths that leave ten batches or more, times a margin.
    """
    n, bad = sum(count for count, _ in slices), sum(count for _, count in slices)
    if not n or bad in (0, n):
        return VIF_MARGIN
    p, largest, length = bad / n, 1.0, 1
    while len(slices) // length >= 10:
        batches = [_total(slices[at : at + length]) for at in range(0, len(slices) - length + 1, length)]
        excess = sum((hits - count * p) ** 2 for count, hits in batches) / (len(batches) - 1)
        largest = max(largest, excess / (p * (1 - p) * n / len(batches)))
        length *= 2
    return VIF_MARGIN * largest


def _total(slices: Sequence[Slice]) -> Slice:
    return sum(count for count, _ in slices), sum(count for _, count in slices)


def decide(slices: Sequence[Slice], theta: float, alpha: float = ALPHA) -> Decision:
    """Is the bad fraction below or above θ? Undecided while the evidence is thin or there are too few slices."""
    n, bad = _total(slices)
    if theta <= 0:
        return _never(slices, n, bad, alpha)
    inflation = vif(slices)
    below, above = log_evidence(theta, n / inflation, bad / inflation)
    needed, filled = -math.log(alpha), sum(1 for count, _ in slices if count)
    if above >= needed and filled >= MIN_SLICES_FAIL:
        return Decision(False, n, bad, inflation)
    if below >= needed and filled >= MIN_SLICES_PASS:
        return Decision(True, n, bad, inflation)
    return Decision(None, n, bad, inflation)


def _never(slices: Sequence[Slice], n: int, bad: int, alpha: float) -> Decision:
    """θ = 0: one bad arrival decides; none says so much that the fraction is below 10 % (n ≥ ln α / ln 0.9)."""
    if bad:
        return Decision(False, n, bad, 1.0)
    enough = n >= math.log(alpha) / math.log(0.9) and sum(1 for count, _ in slices if count) >= MIN_SLICES_PASS
    return Decision(True if enough else None, n, 0, 1.0)
