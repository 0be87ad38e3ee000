"""Deciding "at most a fraction θ of the arrivals is bad", at any moment, with a stated error; or not yet.

The counts of a window are deflated by its VIF and held against the e-process: below θ, above θ, or undecided.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.verdict.eprocess import log_evidence
from harness.verdict.inflation import UNKNOWN, Known, Slice, inflation
from harness.verdict.interval import fraction_interval

SLICE_S = 0.25
"""Width of a slice; a power of two, so that its multiples are exact as floats."""
MIN_S = 10.0
"""A window has to hold ten batches of a second before it can measure its VIF and so decide."""
MIN_KNOWN_S = 1.0
"""Where the VIF is known from earlier windows, or only an alarm is asked for."""
_HORIZON_S = 3600.0
_SELDOM = 0.1
"""θ = 0 cannot be proven: no bad arrival among enough is taken to say that fewer than one in ten is bad."""


@dataclass(frozen=True)
class Terms:
    """On what terms a question is decided: the chance α of a wrong answer in each direction, what is known of the VIF.

    `alarm`: it is asked whether something began, and the answer may come before the window has measured its VIF.
    """

    alpha: float
    known: Known = UNKNOWN
    alarm: bool = False

    @property
    def needed(self) -> float:
        """log E from which on an answer is believed."""
        return -math.log(self.alpha)

    @property
    def min_s(self) -> float:
        """Seconds with arrivals before any answer."""
        return MIN_KNOWN_S if self.alarm or self.known.suffices else MIN_S


@dataclass(frozen=True)
class Decision:
    """`low`: True the fraction is below θ, False above, None undecided. `vif` deflated the counts.

    `seconds` is the time covered by slices with arrivals.
    """

    theta: float
    terms: Terms
    low: bool | None
    n: int
    bad: int
    vif: float
    seconds: float

    @property
    def effective(self) -> float:
        """Effective sample size."""
        return self.n / self.vif

    @property
    def fraction(self) -> float | None:
        """Bad fraction seen; None without arrivals."""
        return self.bad / self.n if self.n else None

    def interval(self) -> tuple[float, float]:
        """The bad fractions that are not excluded at α in either direction."""
        return fraction_interval(self.effective, self.bad / self.vif, self.terms.alpha)

    def more_s(self) -> float | None:
        """About how many more seconds of the same would decide it (0: decided); None: over an hour, or no arrivals."""
        if self.low is not None or not self.n:
            return 0.0 if self.n else None
        wait_s = max(SLICE_S, self.terms.min_s - self.seconds)
        if self.theta <= 0:
            return max(wait_s, (_seldom_enough(self.terms) - self.n) * self.seconds / self.n)
        return _first(wait_s, self._decided_after)

    def _decided_after(self, more_s: float) -> bool:
        p = (self.bad + 0.5) / (self.n + 1)
        n, below = self.n * (1 + more_s / self.seconds), p < self.theta
        return _log_evidence(self.theta, n, p * n, self.vif, below=below) >= self.terms.needed


def _first(low: float, true: Callable[[float], bool]) -> float | None:
    """The smallest number >= `low` from which on it is true, to within a slice; None beyond the horizon."""
    if true(low):
        return low
    high = 2 * low
    while not true(high):
        low, high = high, 2 * high
        if high > _HORIZON_S:
            return None
    while high - low > SLICE_S:
        middle = (low + high) / 2
        low, high = (low, middle) if true(middle) else (middle, high)
    return high


def decide(slices: Sequence[Slice], theta: float, terms: Terms) -> Decision:
    """Is the bad fraction below or above θ? Undecided while the evidence is thin or the window short."""
    n, bad = sum(piece.n for piece in slices), sum(piece.bad for piece in slices)
    seconds = SLICE_S * sum(1 for piece in slices if piece.n)
    enough = bool(n) and seconds >= terms.min_s
    if theta <= 0:
        return Decision(theta, terms, _never(n, bad, enough, terms), n, bad, 1.0, seconds)
    vif = inflation(slices, terms.known)
    answers = (side for side in (True, False) if enough and _believed(theta, n, bad, vif, terms, below=side))
    return Decision(theta, terms, next(answers, None), n, bad, vif, seconds)


def _believed(theta: float, n: float, bad: float, vif: float, terms: Terms, *, below: bool) -> bool:
    return _log_evidence(theta, n, bad, vif, below=below) >= terms.needed


def _log_evidence(theta: float, n: float, bad: float, vif: float, *, below: bool) -> float:
    return log_evidence(theta, n / vif, bad / vif, below=below)


def _seldom_enough(terms: Terms) -> float:
    return -terms.needed / math.log1p(-_SELDOM)


def _never(n: int, bad: int, enough: bool, terms: Terms) -> bool | None:
    """θ = 0: one bad arrival decides; none at all decides when there were enough (n ≥ ln α / ln 0.9)."""
    if bad:
        return False
    return True if enough and n >= _seldom_enough(terms) else None
