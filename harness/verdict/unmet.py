"""The SLOs that did not hold at the end of a phase, with their values, as the text of a reason. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from harness.record.event import CONTROL, TREATMENT
from harness.stats.sequential import SLICE_S
from harness.verdict.cause import Part, Reason
from harness.verdict.measurement import Measurement, measure
from harness.verdict.quantities import show_measurement
from harness.verdict.state import DrillState, Slo
from harness.verdict.timeline import slice_from, slice_until
from harness.verdict.window import Window

LAST_S = 10.0
"""Seconds at the end of a recovery that stand for "after" if the SLOs did not recover."""
_NOT_ENOUGH = "not enough data"


def with_values(fact: str, state: DrillState, phase: str, part: Part, *, with_step: bool = False) -> Reason:
    """A reason whose text has the values of the SLOs that did not hold at the end of a phase.

    Where they never held after the revert, no measurement of the result covers these seconds: the values stand for it.
    """
    values = _unmet(state, phase)
    return Reason(f"{fact}: {values}", fact, part, values if part == "after_revert" else "", with_step)


def _unmet(state: DrillState, phase: str) -> str:
    """The SLOs that did not hold at the end of a phase, with their values; the control counts in its baseline only."""
    names = _sides(state, phase)
    facts = [fact for name in names for fact in (*_unmet_on(state, phase, name), *behind_on(state, phase, name))]
    return "; ".join(facts) or _NOT_ENOUGH


def values_of(state: DrillState, phase: str) -> str:
    """Every SLO at the end of a phase with its value, on the first of the sides that the phase is about."""
    side = _sides(state, phase)[0]
    found = [(slo, measure(state.question(slo), _window(state, phase, side))) for slo in state.slos]
    return "; ".join(
        f"{slo.name} {show_measurement(each, slo.objective.unit)} ({_evidence(slo, each)})" for slo, each in found
    )


def _sides(state: DrillState, phase: str) -> list[str]:
    if phase.startswith("control-"):
        return [CONTROL]
    return [name for name in state.sides if phase == "baseline" == state.baseline_phase(name)] or [TREATMENT]


def _window(state: DrillState, phase: str, name: str) -> Window:
    """The window that shows the end of a phase: all of a baseline, else the last seconds."""
    side, begin = state.sides[name], slice_from(state.phase_started_s.get(phase, 0.0))
    end = min(side.frontier, slice_until(state.phase_ended_s.get(phase, side.frontier)))
    return Window(side, begin if phase == state.baseline_phase(name) else max(begin, end - LAST_S), end)


def behind_on(state: DrillState, phase: str, name: str) -> Iterator[str]:
    """For how long the load generator fell behind at the end of a phase, by series."""
    window = _window(state, phase, name)
    for series in sorted(window.timeline.series()):
        if behind := sum(counts.fell_behind for counts in window.slices(series)):
            times = f"{behind * SLICE_S:g} of {window.end - window.start:g} s ({series})"
            yield f"{name}: the load generator fell behind in {times}: no data there"


def _unmet_on(state: DrillState, phase: str, name: str) -> Iterator[str]:
    where = "" if name == TREATMENT else f"{name}: "
    for slo in state.slos:
        measurement = measure(state.question(slo), _window(state, phase, name))
        if not measurement.holds:
            value = show_measurement(measurement, slo.objective.unit)
            yield f"{where}{slo.name} {value} ({_evidence(slo, measurement)})"


def _evidence(slo: Slo, measurement: Measurement) -> str:
    samples = f"objective {slo.objective.text}, {measurement.n} {measurement.counted}"
    if measurement.holds is None and measurement.more_s:
        return f"{samples}, undecided: about {measurement.more_s:.0f} s more needed"
    return samples
