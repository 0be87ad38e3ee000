"""Compares the fractions of bad arrivals of both sides.

Each fraction has a confidence interval that is valid at any time, at half of α; so their difference lies between the
differences of the ends. A quantile alone would not show a candidate that fails instead of being slow.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.comparison.result import BlockResult, Row, SideBlock
from harness.stats.duet import MIN_BLOCKS, Design, Effect, Outcome
from harness.stats.inflation import Slice, inflation
from harness.stats.interval import fraction_interval

MEASURE = "bad"
MARGIN = 0.01
"""Increase of the fraction of bad arrivals that still counts as not worse: one percentage point."""
_BISECTIONS = 20


def error_row(used: Sequence[BlockResult], design: Design) -> Row:
    """The row of the bad arrivals, from the blocks that are used."""
    base, candidate = _Side([block.base for block in used]), _Side([block.candidate for block in used])
    found, why = None, f"{len(used)} blocks, at least {MIN_BLOCKS} are needed"
    if len(used) >= MIN_BLOCKS:
        found, why = _effect(base, candidate, design), "the interval contains both no change and the margin"
    outcome = found.outcome(MARGIN) if found else Outcome.UNDECIDED
    why = why if outcome is Outcome.UNDECIDED else ""
    return Row(MEASURE, "ratio", base.fraction, candidate.fraction, found, MARGIN, outcome, len(used), why)


class _Side:
    """The bad arrivals of one side; `n` and `bad` are effective counts."""

    def __init__(self, parts: Sequence[SideBlock]) -> None:
        slices = [Slice(part.requests, part.bad) for part in parts]
        n, bad, vif = sum(piece.n for piece in slices), sum(piece.bad for piece in slices), inflation(slices)
        self.n, self.bad = n / vif, bad / vif
        self.fraction = bad / n if n else None

    def interval(self, alpha_low: float, alpha_high: float) -> tuple[float, float]:
        return fraction_interval(self.n, self.bad, alpha_low, alpha_high)


def _effect(base: _Side, candidate: _Side, design: Design) -> Effect:
    worse, better = design.alpha / design.share / 2, design.alpha / 2
    base_low, base_high = base.interval(better, worse)
    low, high = candidate.interval(worse, better)
    return Effect((candidate.fraction or 0.0) - (base.fraction or 0.0), low - base_high, high - base_low)


def detectable(used: Sequence[BlockResult], design: Design) -> float:
    """The smallest increase of the fraction of bad arrivals that this many requests would have shown."""
    base, n = _Side([block.base for block in used]), _Side([block.candidate for block in used]).n
    alpha = design.alpha / design.share / 2
    above = base.interval(alpha, alpha)[1]
    low, high = above, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        certain = fraction_interval(n, middle * n, alpha, alpha)[0] > above
        low, high = (low, middle) if certain else (middle, high)
    return high - (base.fraction or 0.0)
