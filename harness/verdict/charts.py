"""What is drawn of a drill: its measurements over time on both sides, with phases, the fault and steps. Pure.

Times are seconds since the fault was active on the treatment, so that the fault is at 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.conditions import Condition
from harness.measures.counts import Counts
from harness.measures.load import LoadMeasure
from harness.measures.probe import health
from harness.measures.sampled import SampledMeasure
from harness.record.event import CONTROL, TREATMENT, SideName
from harness.stats.histogram import quantile_ms
from harness.verdict.response import changes
from harness.verdict.scope import Outage
from harness.verdict.state import DrillState
from harness.verdict.timeline import Timeline

STEP_S = 1.0
"""Arrivals are drawn second by second."""
QUANTILES = (50, 95, 99)
SIDES: tuple[SideName, ...] = (TREATMENT, CONTROL)


@dataclass(frozen=True)
class Line:
    """One line of a chart: a value for each of the chart's times, None where there is none."""

    name: str
    side: SideName
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Limit:
    """A horizontal line: the limit of a condition, in the chart's unit."""

    text: str
    value: float


@dataclass(frozen=True)
class Chart:
    """One quantity over time on both sides; `unit` is `ms`, `%`, `/s`, or "" for the numbers of a probe."""

    title: str
    unit: str
    times_s: tuple[float, ...]
    lines: tuple[Line, ...]
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True)
class Phase:
    """A phase of the drill, from its begin to its end."""

    name: str
    begin_s: float
    end_s: float


@dataclass(frozen=True)
class Mark:
    """A moment: a step of the response that changed something, or the fault."""

    at_s: float
    text: str


@dataclass(frozen=True)
class Charts:
    """Everything that is drawn of a drill, on one time axis.

    `zero_s` is its zero, in seconds since the epoch: the fault, or the begin of a drill that had none.
    """

    zero_s: float
    phases: tuple[Phase, ...]
    marks: tuple[Mark, ...]
    charts: tuple[Chart, ...]


def charts_of(state: DrillState, harm: Sequence[Outage]) -> Charts:
    """What is drawn of a drill with these outages; no chart if it never came to a load."""
    zero_s = state.applied_s(TREATMENT) or min(state.phase_started_s.values(), default=0.0)
    charts = tuple(chart for chart in _charts(state, harm, zero_s) if chart.times_s)
    return Charts(zero_s, tuple(_phases(state, zero_s)), tuple(_marks(state, zero_s)), charts)


def _phases(state: DrillState, zero_s: float) -> Iterator[Phase]:
    for name, begin_s in state.phase_started_s.items():
        end_s = state.phase_ended_s.get(name, max(side.last_load_s for side in state.sides.values()))
        if end_s > begin_s:
            yield Phase(name, round(begin_s - zero_s, 2), round(end_s - zero_s, 2))


def _marks(state: DrillState, zero_s: float) -> Iterator[Mark]:
    if TREATMENT in state.fault_applied_s:
        yield Mark(0.0, f"fault: {state.header.fault}")
    for each in changes((facts for facts in state.steps if facts.kind != "general"), state.response):
        where = "" if each.line is None else f"line {each.line}: "
        yield Mark(round(each.started_s - zero_s, 2), f"{where}{' '.join(each.text.split())}")


def _charts(state: DrillState, harm: Sequence[Outage], zero_s: float) -> Iterator[Chart]:
    conditions = [slo.objective for slo in state.slos]
    conditions += [symptom.condition for symptom in state.symptoms if symptom.condition]
    for series in sorted({name for side in state.sides.values() for name in side.series()}):
        yield from _load_charts(state, series, _limited(conditions, series), zero_s)
    for name in sorted({outage.deployment for outage in harm if outage.deployment}):
        yield _health_chart(state, name, zero_s)
    drawn = {each.measure.key: each for each in reversed(conditions) if isinstance(each.measure, SampledMeasure)}
    for condition in reversed(drawn.values()):
        yield _probe_chart(state, condition, zero_s)


def _limited(conditions: Iterable[Condition], series: str) -> list[Condition]:
    """The conditions on a load series, each once."""
    return [
        each
        for each in dict.fromkeys(conditions)
        if isinstance(each.measure, LoadMeasure) and each.measure.series == series
    ]


def _load_charts(state: DrillState, series: str, conditions: Sequence[Condition], zero_s: float) -> Iterator[Chart]:
    """Latency quantiles, bad arrivals and arrivals of one series."""
    begin_s, end_s = _extent(state)
    starts = [begin_s + step * STEP_S for step in range(max(0, math.floor((end_s - begin_s) / STEP_S)))]
    times = tuple(round(start + STEP_S / 2 - zero_s, 2) for start in starts)
    counts = {side: [state.sides[side].total(series, start, start + STEP_S) for start in starts] for side in SIDES}
    limits = {unit: tuple(_limits(conditions, unit)) for unit in ("ms", "%")}
    latencies = [
        Line(
            f"P{quantile}",
            side,
            tuple(_rounded(quantile_ms(each.hist.merged(), quantile / 100)) for each in counts[side]),
        )
        for side in SIDES
        for quantile in (QUANTILES if side == TREATMENT else (95,))
    ]
    if any(value is not None for line in latencies for value in line.values):
        yield Chart(f"{series}: latency", "ms", times, tuple(latencies), limits["ms"])
    bad = [Line("bad arrivals", side, tuple(map(_bad_percent, counts[side]))) for side in SIDES]
    yield Chart(f"{series}: bad arrivals", "%", times, tuple(bad), limits["%"])
    sent = [Line("arrivals", side, tuple(each.sent / STEP_S or None for each in counts[side])) for side in SIDES]
    yield Chart(f"{series}: arrivals", "/s", times, tuple(sent))


def _extent(state: DrillState) -> tuple[float, float]:
    """From the begin of the baseline, or of the drill, to the last arrival counted on a side, in whole seconds."""
    begin_s = state.phase_started_s.get("baseline", min(state.phase_started_s.values(), default=0.0))
    return math.ceil(begin_s), math.floor(max(side.end_s for side in state.sides.values()))


def _limits(conditions: Iterable[Condition], unit: str) -> Iterator[Limit]:
    for each in conditions:
        if unit == each.unit == "ms":
            yield Limit(each.text, each.value)
        elif unit == "%" and each.unit == "ratio" and each.theta is not None:
            yield Limit(each.text, round(100 * each.theta, 6))


def _bad_percent(counts: Counts) -> float | None:
    return _rounded(100 * counts.failed / counts.sent) if counts.sent else None


def _probe_chart(state: DrillState, condition: Condition, zero_s: float) -> Chart:
    """The values of a sampled condition's measure."""
    measure = condition.measure
    if not isinstance(measure, SampledMeasure):
        raise TypeError(f"condition `{condition.text}`: its measure is not sampled")
    factor, unit = (100.0, "%") if condition.unit == "ratio" else (1.0, "ms" if condition.unit == "ms" else "")
    found = {side: _readings(measure, state.sides[side], factor) for side in SIDES}
    limits = () if condition.unit == "state" else (Limit(condition.text, condition.value * factor),)
    return _sampled_chart(Chart(measure.key, unit, (), (), limits), measure.key, found, zero_s)


def _health_chart(state: DrillState, name: str, zero_s: float) -> Chart:
    """How many pods of a Deployment answered their health check."""
    found = {
        side: {
            sample.at_s: float(sum(value == 0.0 for value in sample.pods.values()))
            for sample in state.sides[side].samples(health(name).key, 0.0, math.inf)
        }
        for side in SIDES
    }
    return _sampled_chart(Chart(f"{name}: pods that answer", "", (), ()), "pods", found, zero_s)


def _sampled_chart(
    empty: Chart, name: str, found: Mapping[SideName, Mapping[float, float | None]], zero_s: float
) -> Chart:
    """The chart with one line a side, from the values by time; the sides are sampled at times of their own."""
    times = sorted({at_s for values in found.values() for at_s in values})
    lines = (Line(name, side, tuple(found[side].get(at_s) for at_s in times)) for side in SIDES)
    return replace(empty, times_s=tuple(round(at_s - zero_s, 2) for at_s in times), lines=tuple(lines))


def _readings(measure: SampledMeasure, side: Timeline, factor: float) -> dict[float, float | None]:
    readings = measure.readings(lambda key: side.samples(key, 0.0, math.inf))
    return {reading.at_s: _rounded(reading.value, factor) for reading in readings if reading.value is not None}


def _rounded(value: float | None, factor: float = 1.0) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value * factor:.5g}")
