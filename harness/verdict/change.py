"""Changes of a condition: since when it holds, or does not, and a confidence interval for that moment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import takewhile

from harness.conditions import Condition
from harness.measures.reading import Reading
from harness.measures.sampled import SampledMeasure
from harness.stats.eprocess import Cusums, log_evidence, restart
from harness.stats.inflation import Slice, inflation
from harness.stats.sequential import SLICE_S, decide, decided_from, more_s_from
from harness.verdict.measurement import column_of, measure, slices
from harness.verdict.window import Question, Window

CONSECUTIVE_SAMPLES = 7
"""A condition on a sampled measure holds after so many consecutive samples that meet it."""
SAMPLE_S = 1.0
"""Period of the probes."""


def since(question: Question, window: Window, *, holds: bool = True) -> float | None:
    """Time since when the condition is known to hold until the end of the window, or not to hold if not `holds`.

    None while it is not known, and when something since then already contradicts it.
    """
    condition = question.condition
    if isinstance(condition.measure, SampledMeasure):
        return _sampled_since(condition.measure.readings(window.samples), condition, window, holds=holds)
    if condition.theta is None:
        return _count_since(question, window, holds=holds)
    low = condition.wants_low == holds
    known = _decided_since(question, window, low=low)
    if known is None or _decided_since(question.as_alarm(), window.after(known), low=not low) is not None:
        return None
    return known


def broken_in_s(question: Question, window: Window) -> float | None:
    """Estimated seconds until a condition on a fraction is known not to hold, if it goes on so; None: unknown."""
    condition = question.condition
    if condition.theta is None:
        return None
    begin = evidence_start(condition, window, holds=False)
    counted = slices(condition, window.after(begin), pessimistic=not condition.wants_low)
    return more_s_from(counted, condition.theta, question.parameters, below=not condition.wants_low)


def has_begun(question: Question, window: Window) -> bool:
    """Whether a symptom is present at the end of the window. The last sample of a sampled measure suffices."""
    if question.condition.series is None:
        return bool(measure(question, window).holds)
    return since(question.as_alarm(), window) is not None


def evidence_start(condition: Condition, window: Window, *, holds: bool = True) -> float:
    """Time from which on the evidence counts that a condition holds, or does not hold if not `holds`.

    By the restarted e-CUSUM; the start of the window for a condition that is not on a fraction of arrivals.
    """
    if condition.theta is None:
        return window.start
    low = condition.wants_low == holds
    return window.start + SLICE_S * _restart(condition, condition.theta, window, below=low)


def _restart(condition: Condition, theta: float, window: Window, *, below: bool) -> int:
    """The number of slices before the evidence counts that the fraction is below θ, or above it if not `below`."""
    column, (start, end) = column_of(condition, window, pessimistic=below), window.numbers
    if column is None or theta in (0, 1):
        return restart(theta, slices(condition, window, pessimistic=below), below=below)
    return column.derived(start, end, (theta, below), lambda: Cusums(theta, below=below)).restart(end - start)


def _decided_since(question: Question, window: Window, *, low: bool) -> float | None:
    """Time since when the fraction is known to be low by the pessimistic counts, or high by the optimistic ones."""
    condition = question.condition
    if condition.theta is None or _too_short(question, window):
        return None
    begin = evidence_start(condition, window, holds=low == condition.wants_low)
    if _too_short(question, window.after(begin)):
        return None
    counted = slices(condition, window.after(begin), pessimistic=low)
    first = decided_from(counted, condition.theta, question.parameters, below=low)
    return None if first is None else begin + first * SLICE_S


def _too_short(question: Question, window: Window) -> bool:
    """Whether no test decides about so short a window; where single arrivals count, one may."""
    return window.end - window.start < question.parameters.min_s and question.condition.theta not in (0, 1)


def _count_since(question: Question, window: Window, *, holds: bool) -> float | None:
    """One bad arrival can decide about an absolute number; none at all decides only after enough arrivals."""
    condition, counted = question.condition, slices(question.condition, window, pessimistic=False)
    if not holds:
        bad = sum(piece.bad for piece in counted)
        return window.start if bad and not condition.is_met_by(bad) else None
    for first in range(len(counted)):
        bad = sum(piece.bad for piece in counted[first:])
        if condition.is_met_by(bad):
            decided = bad or decide(counted[first:], 0.0, question.parameters).low
            return window.start + first * SLICE_S if decided else None
    return None


def _sampled_since(readings: Sequence[Reading], condition: Condition, window: Window, *, holds: bool) -> float | None:
    """The last samples decide: enough of them for "holds", the last one for "does not hold"; unknown: neither."""
    if not holds:
        return window.start if readings and condition.decided_by(readings[-1]) is False else None
    run = len(list(takewhile(condition.decided_by, reversed(readings))))
    if run < CONSECUTIVE_SAMPLES:
        return None
    return readings[-run].at_s if run < len(readings) else window.start


def bounds(question: Question, window: Window, change: float) -> tuple[float, float]:
    """(earliest, latest) time at which the condition began to hold, given an estimate `change` in the window.

    A time is too late if the slices before it show that the condition held already, and too early if the slices after
    it show that it did not hold yet; each at α/2 over any stretch, so the change lies between with probability 1 − α,
    for all conditions of a drill at once. It can lie inside a slice. A condition that is not on a fraction of arrivals
    has changed within a slice, or within a period of the probes. Source: Saha and Ramdas, "Post-detection inference for
    sequential changepoint localization", arXiv:2502.06096.
    """
    condition, earliest, latest = question.condition, change, change
    if condition.theta is not None:
        earliest, latest = _fraction_bounds(question, window, change)
    resolution_s = SAMPLE_S if isinstance(condition.measure, SampledMeasure) else SLICE_S
    return max(window.start, earliest - resolution_s), min(window.end, latest + resolution_s)


def _fraction_bounds(question: Question, window: Window, change: float) -> tuple[float, float]:
    """The first and the last begin of a slice that can be the change; `change` lies between them."""
    condition, parameters = question.condition, question.parameters
    low, at = condition.wants_low, max(0, round((change - window.start) / SLICE_S))
    counted = slices(condition, window, pessimistic=low)
    vif = max(inflation(counted[at:]), parameters.known.vif)
    needed = math.log(2 * parameters.share / parameters.alpha)

    ends, begins = _ceilings(counted, condition, below=low), _ceilings(counted[::-1], condition, below=not low)

    def too_late(index: int) -> bool:
        return ends[index] / vif >= needed and _shows(counted[index - 1 :: -1], condition, vif, needed, below=low)

    def too_early(index: int) -> bool:
        return begins[-1 - index] / vif >= needed and _shows(counted[index:], condition, vif, needed, below=not low)

    earliest = next((index + 1 for index in range(at, -1, -1) if too_early(index)), 0)
    latest = next((index - 1 for index in range(at, len(counted) + 1) if too_late(index)), len(counted))
    return window.start + min(at, earliest) * SLICE_S, window.start + max(at, latest) * SLICE_S


def _ceilings(counted: Sequence[Slice], condition: Condition, *, below: bool) -> list[float]:
    """By number of slices, an upper limit of the evidence of the stretches that end there: it spares most of the work.

    A likelihood ratio is at most that of its CUSUM, and the evidence is a mean of them.
    """
    theta = condition.theta or 0.0
    if theta in (0, 1):
        return [math.inf] * (len(counted) + 1)
    cusums = Cusums(theta, below=below)
    cusums.extend(counted)
    return [0.0, *map(cusums.ceiling, range(1, len(counted) + 1))]


def _shows(counted: Sequence[Slice], condition: Condition, vif: float, needed: float, *, below: bool) -> bool:
    """Whether some stretch from the first slice on has the needed evidence."""
    n = bad = 0.0
    for piece in counted:
        n, bad = n + piece.n / vif, bad + piece.bad / vif
        if n and log_evidence(condition.theta or 0.0, n, bad, below=below) >= needed:
            return True
    return False
