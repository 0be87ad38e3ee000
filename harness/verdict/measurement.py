"""Measurement of a condition over a window: its value, its evidence, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.conditions import Condition
from harness.measures.counts import Counts
from harness.measures.load import Interval, LoadMeasure
from harness.measures.reading import Events
from harness.measures.sampled import SampledMeasure
from harness.stats.inflation import Slice
from harness.stats.sequential import SLICE_S, TestParameters, decide
from harness.verdict.column import Column
from harness.verdict.window import Question, Window


@dataclass(frozen=True)
class Measurement:
    """The value of a condition's measure over a window, in the unit of the condition, and the evidence for it.

    `holds` is None while undecided, `value` None when there is nothing to measure; `n` is the number of arrivals, or of
    samples with a known value, as `counted` says.

    A load condition is decided on `bad`, the fraction of arrivals that count against it; for a latency these are the
    slow and the failed ones. So a latency has bad arrivals and no value when no arrival was good. `interval` and
    `bad_interval` are confidence intervals that are valid at any time, at `alpha` (their low and high ends), on
    `effective` samples: n / `vif`. `measured_vif` is the window's own VIF.

    A sampled measure is compared as it is, without a test: it has no interval, no effective sample size and no alpha.
    `range` is its smallest and its largest sample.

    `events` are the arrivals, or what the counters of a ratio counted; None: the measure is no share of events.

    `seconds` is the length of the window with data, `more_s` the estimated time to a decision.
    """

    holds: bool | None
    value: float | None
    n: int
    bad: float | None = None
    effective: float | None = None
    counted: Literal["arrivals", "samples"] = "arrivals"
    range: tuple[float, float] | None = None
    events: Events | None = None
    interval: Interval | None = None
    bad_interval: tuple[float, float] | None = None
    alpha: tuple[float, float] | None = None
    vif: float | None = None
    measured_vif: float | None = None
    seconds: float = 0.0
    more_s: float | None = None


def measure(question: Question, window: Window) -> Measurement:
    """The measurement of a condition over a window; without samples it is undecided."""
    measured = question.condition.measure
    if isinstance(measured, LoadMeasure):
        return _measure_load(measured, question, window)
    if isinstance(measured, SampledMeasure):
        return _measure_samples(measured, question.condition, window)
    raise TypeError(f"condition `{question.condition.text}`: its measure is neither of the load nor sampled")


def _measure_samples(measured: SampledMeasure, condition: Condition, window: Window) -> Measurement:
    readings = measured.readings(window.samples)
    values = [reading.value for reading in readings if reading.value is not None]
    if not values:
        return Measurement(None, None, 0, counted="samples")
    return Measurement(
        holds=condition.decided_by(readings[-1]),
        value=values[-1],
        n=len(values),
        counted="samples",
        range=(min(values), max(values)),
        events=measured.events(condition, window.samples),
        seconds=window.end - window.start,
    )


def slices(condition: Condition, window: Window, *, pessimistic: bool) -> list[Slice]:
    """Arrivals and bad ones by slice; empty slices where the generator fell behind, none for a sampled measure.

    An arrival without an outcome counts as bad if `pessimistic`, otherwise it is left out.
    """
    column = column_of(condition, window, pessimistic=pessimistic)
    return column.between(*window.numbers) if column else []


def column_of(condition: Condition, window: Window, *, pessimistic: bool) -> Column | None:
    """The slices of the side that a window is of, as `slices` counts them; None for a sampled measure."""
    measured = condition.measure
    if not isinstance(measured, LoadMeasure):
        return None

    def reading(counts: Counts) -> Slice:
        return Slice(0, 0) if counts.fell_behind else measured.slice(condition, counts, pessimistic=pessimistic)

    return window.timeline.column(measured.series, (condition, pessimistic), reading)


def seconds_with_data(condition: Condition, window: Window) -> float:
    """The length of the part of a window that has data, as in its measurement."""
    if isinstance(condition.measure, SampledMeasure):
        return measure(Question(condition, TestParameters(1.0)), window).seconds
    return SLICE_S * sum(1 for piece in slices(condition, window, pessimistic=False) if piece.n)


def _measure_load(measured: LoadMeasure, question: Question, window: Window) -> Measurement:
    """Arrivals without an outcome are counted both ways, so that they favour neither decision."""
    condition, parameters = question.condition, question.parameters
    known, worst = (slices(condition, window, pessimistic=which) for which in (False, True))
    optimistic = decide(known, condition.theta or 0.0, parameters)
    pessimistic = optimistic if known == worst else decide(worst, condition.theta or 0.0, parameters)
    bad_interval = (optimistic.lowest(), pessimistic.highest())
    above = optimistic.fraction is not None and optimistic.fraction > optimistic.theta
    value, interval = measured.value(condition, lambda: window.total(measured.series), optimistic, bad_interval)
    return Measurement(
        holds=measured.holds(condition, optimistic, pessimistic),
        value=value,
        n=optimistic.n,
        bad=optimistic.fraction,
        events=Events(optimistic.n, optimistic.bad, optimistic.seconds) if optimistic.n else None,
        effective=optimistic.effective,
        interval=interval,
        bad_interval=bad_interval,
        alpha=(parameters.alpha_of(below=False), parameters.alpha_of(below=True)),
        vif=optimistic.vif,
        measured_vif=optimistic.measured_vif,
        seconds=optimistic.seconds,
        more_s=(optimistic if above else pessimistic).more_s(),
    )
