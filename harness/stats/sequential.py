"""Sequential test of "at most a fraction θ of the arrivals is bad": below θ, above θ, or undecided, at any time.

The counts of a window are divided by its VIF; the e-process on these effective counts decides when it reaches 1/α.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from harness.stats.eprocess import RARE, log_evidence
from harness.stats.inflation import MARGIN, UNKNOWN, Slice, VifEstimate, inflation
from harness.stats.interval import highest_fraction, lowest_fraction

SLICE_S = 0.25
"""Length of a slice in seconds; a power of two, so that its multiples are exact as floats."""
MIN_S = 10.0
"""Shortest window, in seconds with arrivals, that estimates its own VIF: ten batches of one second."""
MIN_KNOWN_S = 1.0
"""Shortest window when the VIF is known from earlier windows, or for an alarm."""
_HORIZON_S = 3600.0
"""Longest wait that is estimated."""


@dataclass(frozen=True)
class TestParameters:
    """Parameters of a test: the error probability, what is known of the VIF, and the shortest window.

    `alpha`: probability of deciding "below" although the fraction is not. "One of several fractions is above" is
    `share` claims in one, so each gets alpha / share (Bonferroni). "All are below" is wrong only if one of them is, so
    each gets all of alpha (intersection-union test: Berger, Technometrics 24(4) 1982).
    `alarm`: the question is whether something has begun, so the decision does not wait for the window's own VIF.
    """

    alpha: float
    known: VifEstimate = UNKNOWN
    share: int = 1
    alarm: bool = False

    def needed(self, *, below: bool) -> float:
        """log E that decides that the fraction is below θ, or above it if not `below`."""
        return -math.log(self.alpha_of(below=below))

    def alpha_of(self, *, below: bool) -> float:
        """Probability of a wrong decision in this direction."""
        return self.alpha if below else self.alpha / self.share

    @property
    def min_s(self) -> float:
        """Shortest window that can be decided, in seconds with arrivals."""
        return MIN_KNOWN_S if self.alarm or self.known.suffices else MIN_S


@dataclass(frozen=True)
class Decision:
    """Outcome of the test on one window.

    `low`: True the fraction is below θ, False above, None undecided. `n` arrivals, `bad` of them bad; `measured_vif` is
    the window's own estimate; `seconds` is the length of its slices with arrivals.
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
        """The divisor of the counts: the window's own VIF, at least that of earlier windows; 1 for θ = 0 or 1."""
        return 1.0 if _extreme(self.theta) else max(self.measured_vif, self.parameters.known.vif)

    @property
    def effective(self) -> float:
        """Effective sample size: n / VIF."""
        return self.n / self.vif

    @property
    def fraction(self) -> float | None:
        """Observed bad fraction; None without arrivals."""
        return self.bad / self.n if self.n else None

    def interval(self) -> tuple[float, float]:
        """Confidence interval of the bad fraction, valid at any time."""
        return self.lowest(), self.highest()

    def lowest(self) -> float:
        """Low end of the interval alone."""
        return lowest_fraction(self.effective, self.bad / self.vif, self.parameters.alpha_of(below=False))

    def highest(self) -> float:
        """High end of the interval alone."""
        return highest_fraction(self.effective, self.bad / self.vif, self.parameters.alpha_of(below=True))

    def more_s(self) -> float | None:
        """Estimated seconds to the decision if the load goes on like this; 0 decided, None unknown or over an hour."""
        if self.low is not None or not self.n:
            return 0.0 if self.n else None
        wait_s = max(SLICE_S, self.parameters.min_s - self.seconds)
        if _extreme(self.theta):
            needed = -self.parameters.needed(below=not self.theta) / math.log1p(-RARE)
            return max(wait_s, (needed - self.n) * self.seconds / self.n)
        return _first(wait_s, self._decided_after)

    def shows(self, *, below: bool) -> bool:
        """Whether the evidence suffices for this direction, however short the window is."""
        return self._enough(self.n, self.bad, below)

    def _enough(self, n: float, bad: float, below: bool) -> bool:
        return self._evidence(n, bad, below) >= self.parameters.needed(below=below)

    def proves(self, *, below: bool) -> bool:
        """Whether a single arrival decides for this direction: a bad one against θ = 0, a good one against θ = 1."""
        return self._evidence(self.n, self.bad, below) == math.inf

    def _evidence(self, n: float, bad: float, below: bool) -> float:
        return log_evidence(self.theta, n / self.vif, bad / self.vif, below=below)

    def _decided_after(self, more_s: float) -> bool:
        p, n = self.bad / self.n, self.n * (1 + more_s / self.seconds)
        return self._enough(n, p * n, p < self.theta)


def _first(low: float, true: Callable[[float], bool]) -> float | None:
    """The smallest number from `low` on for which `true` holds, to within a slice; None beyond the horizon."""
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
    """The decision about a window: undecided while the evidence does not suffice or the window is too short.

    0 <= θ <= 1. For θ = 0 one bad arrival decides "above" at once, and n >= ln α / ln 0.9 good ones without any bad one
    decide "below"; for θ = 1 one good arrival decides "below", and as many bad ones without any good one "above".
    """
    n, bad = sum(piece.n for piece in slices), sum(piece.bad for piece in slices)
    seconds = SLICE_S * sum(1 for piece in slices if piece.n)
    enough = bool(n) and seconds >= parameters.min_s
    vif = 1.0 if _extreme(theta) else inflation(slices)
    undecided = Decision(theta, parameters, None, n, bad, vif, seconds)
    answers = (
        side for side in (True, False) if (enough and undecided.shows(below=side)) or undecided.proves(below=side)
    )
    return replace(undecided, low=next(answers, None))


def decided_from(slices: Sequence[Slice], theta: float, parameters: TestParameters, *, below: bool) -> int | None:
    """Index of the slice from which on a window decides that the fraction is below θ (or above it); None: undecided.

    A change inside a window looks like correlation and inflates its VIF. So when the whole window does not decide, it
    is tested without its first third at α/2, then without the first third of the rest at α/4, and so on, down to the
    shortest with its own VIF.
    """
    for first, current in _tails(slices, parameters):
        part = slices[first:]
        if _may_show(part, theta, current, below=below) and decide(part, theta, current).low is below:
            return first
    return None


def more_s_from(slices: Sequence[Slice], theta: float, parameters: TestParameters, *, below: bool) -> float | None:
    """Estimated seconds until `decided_from` decides, if the load goes on like this; None: unknown."""
    tails = (decide(slices[first:], theta, current) for first, current in _tails(slices, parameters))
    waits = (tail.more_s() for tail in tails if tail.fraction is not None and (tail.fraction < theta) is below)
    return min((wait for wait in waits if wait is not None), default=None)


def _tails(slices: Sequence[Slice], parameters: TestParameters) -> Iterator[tuple[int, TestParameters]]:
    """The first slice of each part of a window that is tested, and the parameters of its test."""
    first, current = 0, parameters
    while first == 0 or len(slices) - first >= MIN_S / SLICE_S:
        yield first, current
        first, current = first + max(1, (len(slices) - first) // 3), replace(current, alpha=current.alpha / 2)


def _may_show(slices: Sequence[Slice], theta: float, parameters: TestParameters, *, below: bool) -> bool:
    """Whether the evidence suffices at the smallest possible VIF; if not, it does at none. Saves the estimate."""
    n, bad = sum(piece.n for piece in slices), sum(piece.bad for piece in slices)
    vif = 1.0 if _extreme(theta) else max(MARGIN, parameters.known.vif)
    return bool(n) and log_evidence(theta, n / vif, bad / vif, below=below) >= parameters.needed(below=below)


def _extreme(theta: float) -> bool:
    """Whether the question is about none or all of the arrivals, so that single ones count and not their share."""
    return theta in (0, 1)
