"""A condition held against a window of a timeline: what was its value, on how much evidence, and does it hold?"""

from __future__ import annotations

from dataclasses import dataclass

from harness.conditions import Condition
from harness.measures.load import Interval, LoadMeasure
from harness.measures.sampled import SampledMeasure
from harness.stats.inflation import Slice
from harness.stats.sequential import TestParameters, decide
from harness.verdict.timeline import Timeline


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
    measure = condition.measure
    if isinstance(measure, LoadMeasure):
        return _read_load(measure, condition, timeline, start, end, parameters)
    if isinstance(measure, SampledMeasure):
        return _read_sampled(measure, condition, timeline, start, end)
    raise TypeError(f"condition `{condition.text}`: its measure is of no known kind")


def _read_sampled(
    measure: SampledMeasure, condition: Condition, timeline: Timeline, start: float, end: float
) -> Reading:
    values = values_of(measure, timeline, start, end)
    if not values:
        return Reading(None, None, 0)
    seen = (min(values), max(values))
    return Reading(
        holds=condition.is_met_by(values[-1]),
        value=values[-1],
        n=len(values),
        effective=float(len(values)),
        interval=seen,
        seconds=end - start,
    )


def values_of(measure: SampledMeasure, timeline: Timeline, start: float, end: float) -> list[float]:
    """The values of a sampled measure in [start, end], oldest first."""
    return measure.values(lambda key: timeline.samples(key, start, end))


def slices(condition: Condition, timeline: Timeline, start: float, end: float, *, pessimistic: bool) -> list[Slice]:
    """Arrivals and bad ones by slice; empty slices where the generator fell behind, none for a sampled measure.

    An arrival without an outcome counts as bad if `pessimistic`, otherwise it is left out.
    """
    measure = condition.measure
    if not isinstance(measure, LoadMeasure):
        return []
    return [
        Slice(0, 0) if counts.fell_behind else measure.slice(condition, counts, pessimistic=pessimistic)
        for counts in timeline.slices(measure.series, start, end)
    ]


def _read_load(
    measure: LoadMeasure,
    condition: Condition,
    timeline: Timeline,
    start: float,
    end: float,
    parameters: TestParameters,
) -> Reading:
    """A fraction is low only by the pessimistic counts, and high only by the optimistic ones."""
    optimistic, pessimistic = (
        decide(slices(condition, timeline, start, end, pessimistic=which), condition.theta or 0.0, parameters)
        for which in (False, True)
    )
    bad_interval = (optimistic.interval()[0], pessimistic.interval()[1])
    leaning = optimistic if optimistic.fraction is not None and optimistic.fraction > optimistic.theta else pessimistic
    total = timeline.total(measure.series, start, end)
    value, interval = measure.value(condition, total, optimistic, bad_interval)
    return Reading(
        holds=measure.holds(condition, optimistic, pessimistic),
        value=value,
        n=optimistic.n,
        bad=optimistic.fraction,
        effective=optimistic.effective,
        interval=interval,
        bad_interval=bad_interval,
        alpha=(parameters.alpha_of(below=False), parameters.alpha_of(below=True)),
        vif=optimistic.vif,
        measured_vif=optimistic.measured_vif,
        seconds=optimistic.seconds,
        more_s=leaning.more_s(),
    )
