"""A condition held against a window of a timeline: what was its value, on how much evidence, and does it hold?"""

from __future__ import annotations

from dataclasses import dataclass

from harness.conditions.grammar import Condition, compare
from harness.stats.histogram import quantile_ms
from harness.stats.inflation import Slice
from harness.stats.interval import quantile_ranks
from harness.stats.sequential import Decision, TestParameters, decide
from harness.verdict.probed import values_of
from harness.verdict.timeline import Counts, Timeline

Interval = tuple[float, float | None]
"""From, to; None: no upper limit yet."""


@dataclass(frozen=True)
class Reading:
    """`holds` is None while undecided; `value` is in the condition's unit (None: nothing to measure); `n` samples.

    `bad` is the fraction of arrivals that count against the condition, which is what a load condition is decided on:
    for a latency those that were too slow or failed. So a latency may have bad arrivals and no value: none was answered
    well. Both have an interval that holds at any moment, at `alpha` (its ends: towards broken, towards well), on
    `effective` samples: n / `vif`. A measure that is read off a service is compared as it is: its interval is what was
    seen, and it has no alpha. `more_s`: about how many more seconds would decide it.
    """

    holds: bool | None
    value: float | None
    n: int
    bad: float | None = None
    effective: float | None = None
    interval: Interval | None = None
    bad_interval: tuple[float, float] | None = None
    alpha: tuple[float, float] | None = None
    vif: float | None = None
    measured_vif: float | None = None
    seconds: float = 0.0
    more_s: float | None = None


def read(condition: Condition, timeline: Timeline, start: float, end: float, parameters: TestParameters) -> Reading:
    """The condition over [start, end), decided on `terms`. No samples: never decided."""
    if not condition.measure.is_load:
        return _read_probe(condition, timeline, start, end)
    return _read_load(condition, timeline, start, end, parameters)


def _read_probe(condition: Condition, timeline: Timeline, start: float, end: float) -> Reading:
    values = values_of(condition, timeline, start, end)
    if not values:
        return Reading(None, None, 0)
    holds = compare(values[-1], condition.op, condition.value)
    seen = (min(values), max(values))
    return Reading(holds, values[-1], len(values), effective=float(len(values)), interval=seen, seconds=end - start)


def slices(condition: Condition, timeline: Timeline, start: float, end: float, *, pessimistic: bool) -> list[Slice]:
    """Arrivals and bad ones by slice; none where the generator fell behind.

    Without an outcome an arrival is bad to the pessimist and left out by the optimist.
    """
    return [_slice(condition, counts, pessimistic) for counts in timeline.slices(condition.series, start, end)]


def _slice(condition: Condition, counts: Counts, pessimistic: bool) -> Slice:
    if counts.fell_behind:
        return Slice(0, 0)
    n, bad = _outcomes(condition, counts, pessimistic)
    if condition.over_ms is None:  # how long a good answer took says nothing of how failures go together
        return Slice(n, bad)
    return Slice(n, bad, counts.ok, counts.log_sum, counts.log_squares)


def _outcomes(condition: Condition, counts: Counts, pessimistic: bool) -> tuple[int, int]:
    if condition.over_ms is not None:
        return _slow(condition, counts, counts.over[condition.over_ms])
    bad = counts.bad_of(condition.kinds)
    return (counts.sent, bad + counts.pending) if pessimistic else (counts.sent - counts.pending, bad)


def _slow(condition: Condition, counts: Counts, over: int) -> tuple[int, int]:
    """As an objective, a failed arrival is as bad as a slow one; but that things fail is no sign that they are slow."""
    if condition.wants_low:
        return counts.sent, over
    failed = counts.bad.total()
    return counts.sent - failed, max(0, over - failed)


def _theta(condition: Condition) -> float:
    return condition.theta or 0.0


def _read_load(
    condition: Condition, timeline: Timeline, start: float, end: float, parameters: TestParameters
) -> Reading:
    """Low is believed only of the pessimist's counts, high only of the optimist's."""
    hopeful = decide(slices(condition, timeline, start, end, pessimistic=False), _theta(condition), parameters)
    careful = decide(slices(condition, timeline, start, end, pessimistic=True), _theta(condition), parameters)
    bad_interval = (hopeful.interval()[0], careful.interval()[1])
    leaning = hopeful if hopeful.fraction is not None and hopeful.fraction > hopeful.theta else careful
    value, interval = _value(condition, timeline.total(condition.series, start, end), hopeful, bad_interval)
    return Reading(
        holds=_holds(condition, hopeful, careful),
        value=value,
        n=hopeful.n,
        bad=hopeful.fraction,
        effective=hopeful.effective,
        interval=interval,
        bad_interval=bad_interval,
        alpha=(parameters.alpha_of(below=False), parameters.alpha_of(below=True)),
        vif=hopeful.vif,
        measured_vif=hopeful.measured_vif,
        seconds=hopeful.seconds,
        more_s=leaning.more_s(),
    )


def _holds(condition: Condition, hopeful: Decision, careful: Decision) -> bool | None:
    if condition.measure.fn == "count":
        undecided = hopeful.bad == 0 and careful.low is None
        return None if undecided else compare(hopeful.bad, condition.op, condition.value)
    if hopeful.low is False:
        return not condition.wants_low
    return condition.wants_low if careful.low else None


def _value(
    condition: Condition, total: Counts, decision: Decision, bad: tuple[float, float]
) -> tuple[float | None, Interval | None]:
    if not decision.n:
        return None, None
    if condition.measure.fn == "count":
        return float(decision.bad), None
    if condition.measure.fn == "p":
        return _latency(condition, total, decision)
    if condition.text.startswith("availability"):
        return 1 - decision.bad / decision.n, (1 - bad[1], 1 - bad[0])
    return decision.fraction, bad


def _latency(condition: Condition, total: Counts, decision: Decision) -> tuple[float | None, Interval | None]:
    """Quantile and interval of what was answered well: how many were not is told by the bad fraction."""
    q = 1 - _theta(condition)
    value = quantile_ms(total.hist, q)
    if value is None:
        return None, None
    alphas = (decision.parameters.alpha_of(below=side) for side in (False, True))
    low, high = quantile_ranks(total.ok / decision.vif, q, *alphas)
    return value, (quantile_ms(total.hist, low) or 0.0, quantile_ms(total.hist, high) if high < 1 else None)
