"""Deciding "at most a fraction θ of the arrivals is bad", at any moment, with a stated error; or not yet.

The counts of a window are deflated by its VIF and held against the e-process: below θ, above θ, or undecided.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from harness.stats.eprocess import log_evidence
from harness.stats.inflation import MARGIN, UNKNOWN, Slice, VifEstimate, inflation
from harness.stats.interval import fraction_interval

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
class TestParameters:
    """On what terms a question is decided.

    `alpha`: the chance that a fraction is called low although it is not. That one of several is high is `share` claims
    in one, which share α (Bonferroni); that all are low is wrong only where one of them is, so each may have all of it
    (the intersection-union test: Berger, Technometrics 24(4) 1982).
    `alarm`: it is asked whether something began, and the answer may come before the window has measured its VIF.
    """

    alpha: float
    known: VifEstimate = UNKNOWN
    share: int = 1
    alarm: bool = False

    def needed(self, *, below: bool) -> float:
        """log E from which on it is believed that the fraction is below (or above) θ."""
        return -math.log(self.alpha_of(below=below))

    def alpha_of(self, *, below: bool) -> float:
        """The chance of a wrong answer in one direction."""
        return self.alpha if below else self.alpha / self.share

    @property
    def min_s(self) -> float:
        """Seconds with arrivals before any answer."""
        return MIN_KNOWN_S if self.alarm or self.known.suffices else MIN_S


@dataclass(frozen=True)
class Decision:
    """`low`: True the fraction is below θ, False above, None undecided.

    `measured_vif` is this window's own, `seconds` the time covered by its slices with arrivals.
    """

    theta: float
    parameters: TestParameters
    low: bool | None
    n: int
    bad: int
    measured_vif: float
    seconds: float

    @property
    def vif(self) -> float:
        """What deflates the counts: never less than earlier windows had."""
        return max(self.measured_vif, self.parameters.known.vif)

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
        low, high = (self.parameters.alpha_of(below=side) for side in (False, True))
        return fraction_interval(self.effective, self.bad / self.vif, low, high)

    def more_s(self) -> float | None:
        """About how many more seconds of the same would decide it (0: decided); None: over an hour, or no arrivals."""
        if self.low is not None or not self.n:
            return 0.0 if self.n else None
        wait_s = max(SLICE_S, self.parameters.min_s - self.seconds)
        if self.theta <= 0:
            return max(wait_s, (_seldom_enough(self.parameters) - self.n) * self.seconds / self.n)
        return _first(wait_s, self._decided_after)

    def shows(self, *, below: bool) -> bool:
        """Is the evidence for one side enough, the length of the window aside?"""
        return self._enough(self.n, self.bad, below)

    def _enough(self, n: float, bad: float, below: bool) -> bool:
        found = log_evidence(self.theta, n / self.vif, bad / self.vif, below=below)
        return found >= self.parameters.needed(below=below)

    def _decided_after(self, more_s: float) -> bool:
        p, n = self.bad / self.n, self.n * (1 + more_s / self.seconds)
        return self._enough(n, p * n, p < self.theta)


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


def decide(slices: Sequence[Slice], theta: float, parameters: TestParameters) -> Decision:
    """Is the bad fraction below or above θ? Undecided while the evidence is thin or the window short."""
    n, bad = sum(piece.n for piece in slices), sum(piece.bad for piece in slices)
    seconds = SLICE_S * sum(1 for piece in slices if piece.n)
    enough = bool(n) and seconds >= parameters.min_s
    if theta <= 0:
        return Decision(theta, parameters, _never(n, bad, enough, parameters), n, bad, 1.0, seconds)
    undecided = Decision(theta, parameters, None, n, bad, inflation(slices), seconds)
    answers = (side for side in (True, False) if enough and undecided.shows(below=side))
    return replace(undecided, low=next(answers, None))


def decided_from(slices: Sequence[Slice], theta: float, parameters: TestParameters, *, below: bool) -> int | None:
    """Index from which on a window shows that the fraction is below θ (or above it); None: it does not.

    A change of pace inside a window looks like correlation and swells its VIF for as long as it is in it. So where the
    whole does not show it, its later half is asked, at half of α, then its last quarter at a quarter, and so on, down
    to the shortest that measures a VIF of its own.
    """
    first, asked = 0, parameters
    while first == 0 or len(slices) - first >= MIN_S / SLICE_S:
        part = slices[first:]
        if _may_show(part, theta, asked, below=below) and decide(part, theta, asked).low is below:
            return first
        first, asked = first + max(1, len(part) // 2), replace(asked, alpha=asked.alpha / 2)
    return None


def _may_show(slices: Sequence[Slice], theta: float, parameters: TestParameters, *, below: bool) -> bool:
    """Would the least VIF that there can be do? A logarithm of evidence above 0 only grows with the sample size."""
    n, bad = sum(piece.n for piece in slices), sum(piece.bad for piece in slices)
    vif = max(MARGIN, parameters.known.vif)
    return bool(n) and log_evidence(theta, n / vif, bad / vif, below=below) >= parameters.needed(below=below)


def _seldom_enough(parameters: TestParameters) -> float:
    return -parameters.needed(below=True) / math.log1p(-_SELDOM)


def _never(n: int, bad: int, enough: bool, parameters: TestParameters) -> bool | None:
    """θ = 0: one bad arrival decides; none at all decides when there were enough (n ≥ ln α / ln 0.9)."""
    if bad:
        return False
    return True if enough and n >= _seldom_enough(parameters) else None
