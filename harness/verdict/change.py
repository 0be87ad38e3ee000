"""When did a condition begin to hold, or cease to? By the restarted e-CUSUM on one series, and how sure is the
moment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from harness.conditions import Condition
from harness.measures.sampled import SampledMeasure
from harness.stats.eprocess import log_evidence, restart
from harness.stats.inflation import Slice, inflation
from harness.stats.sequential import SLICE_S, TestParameters, decide, decided_from
from harness.verdict.measurement import read, slices, values_of
from harness.verdict.timeline import Timeline

PROBE_LOOKS = 7
"""So many looks in a row at a service have to find a condition true."""


def since(
    condition: Condition,
    timeline: Timeline,
    start: float,
    end: float,
    parameters: TestParameters,
    *,
    holds: bool = True,
) -> float | None:
    """From when on, up to `end`, it is known that the condition holds (or, with `holds=False`, that it does not).

    None while it is not known, and when something since then already speaks for the contrary.
    """
    if isinstance(condition.measure, SampledMeasure):
        return _sampled_since(condition.measure, condition, timeline, start, end, holds)
    if condition.theta is None:
        return _count_since(condition, timeline, start, end, parameters, holds)
    low = condition.wants_low == holds
    known = _run(condition, timeline, start, end, parameters, low=low)
    if known is None or _run(condition, timeline, known, end, replace(parameters, alarm=True), low=not low) is not None:
        return None
    return known


def arisen(condition: Condition, timeline: Timeline, start: float, end: float, parameters: TestParameters) -> bool:
    """Is the condition true at `end`? Asked of a symptom: a look at a service is taken as it is."""
    if condition.series is None:
        return bool(read(condition, timeline, start, end, parameters).holds)
    return since(condition, timeline, start, end, replace(parameters, alarm=True)) is not None


def begin_of(condition: Condition, timeline: Timeline, start: float, end: float, *, holds: bool = True) -> float:
    """From when on evidence is gathered that a condition holds, or that it does not; `start` where none is."""
    if not condition.theta:
        return start
    low = condition.wants_low == holds
    window = slices(condition, timeline, start, end, pessimistic=low)
    return start + SLICE_S * restart(condition.theta, [(piece.n, piece.bad) for piece in window], below=low)


def _run(
    condition: Condition, timeline: Timeline, start: float, end: float, parameters: TestParameters, *, low: bool
) -> float | None:
    """The pessimist's counts have to show that a fraction is low, the optimist's that it is high."""
    if not condition.theta:
        return None
    begin = begin_of(condition, timeline, start, end, holds=low == condition.wants_low)
    window = slices(condition, timeline, begin, end, pessimistic=low)
    first = decided_from(window, condition.theta, parameters, below=low)
    return None if first is None else begin + first * SLICE_S


def _count_since(
    condition: Condition, timeline: Timeline, start: float, end: float, parameters: TestParameters, holds: bool
) -> float | None:
    """An absolute number of bad events: one event can decide it, none only after enough arrivals."""
    window = slices(condition, timeline, start, end, pessimistic=False)
    if not holds:
        bad = sum(piece.bad for piece in window)
        return start if bad and not condition.is_met_by(bad) else None
    for first in range(len(window)):
        bad = sum(piece.bad for piece in window[first:])
        if condition.is_met_by(bad):
            return start + first * SLICE_S if bad or decide(window[first:], 0.0, parameters).low else None
    return None


def _sampled_since(
    measure: SampledMeasure, condition: Condition, timeline: Timeline, start: float, end: float, holds: bool
) -> float | None:
    """Every look since then found it so, and there were enough of them."""
    values = values_of(measure, timeline, start, end)
    if not holds:
        return start if values and not condition.is_met_by(values[-1]) else None
    run = 0
    for value in reversed(values):
        if not condition.is_met_by(value):
            break
        run += 1
    if run < PROBE_LOOKS:
        return None
    return max(start, end - run) if run < len(values) else start


def bounds(
    condition: Condition, timeline: Timeline, start: float, end: float, parameters: TestParameters, change: float
) -> tuple[float, float]:
    """Earliest and latest moment at which the condition can have begun to hold, given that it did at about `change`.

    A moment is too late when what came just before it already shows that the condition held, and too early when what
    came just after it shows that it did not yet; each at α/2, whatever stretch shows it, so the change lies between
    with probability 1 − α. Saha and Ramdas, "Post-detection inference for sequential changepoint localization",
    arXiv:2502.06096.
    """
    if condition.theta is None or condition.theta <= 0:
        return change, change
    low, at = condition.wants_low, max(0, round((change - start) / SLICE_S))
    window = slices(condition, timeline, start, end, pessimistic=low)
    vif, needed = max(inflation(window[at:]), parameters.known.vif), math.log(2 / parameters.alpha)

    def too_late(index: int) -> bool:
        return _shows(window[index - 1 :: -1] if index else [], condition, vif, needed, below=low)

    def too_early(index: int) -> bool:
        return _shows(window[index:], condition, vif, needed, below=not low)

    earliest = next((index + 1 for index in range(at, -1, -1) if too_early(index)), 0)
    latest = next((index - 1 for index in range(at, len(window) + 1) if too_late(index)), len(window))
    return start + min(at, earliest) * SLICE_S, start + max(at, latest) * SLICE_S


def _shows(window: Sequence[Slice], condition: Condition, vif: float, needed: float, *, below: bool) -> bool:
    n = bad = 0.0
    for piece in window:
        n, bad = n + piece.n / vif, bad + piece.bad / vif
        if n and log_evidence(condition.theta or 0.0, n, bad, below=below) >= needed:
            return True
    return False
