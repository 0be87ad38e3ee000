"""Progress of the present phase: what it waits for, what is known of it, and the estimated time left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.conditions import Condition
from harness.record.event import CONTROL, TREATMENT
from harness.verdict.change import CONSECUTIVE_SAMPLES, broken_in_s, since
from harness.verdict.credit import SPELL_FACTOR
from harness.verdict.lasting import lasting, spans_to
from harness.verdict.measurement import Measurement
from harness.verdict.now import so_far
from harness.verdict.state import DrillState
from harness.verdict.window import Window

_STEADY = ("control-baseline", "baseline", "after-revert")
_WAITING = (*_STEADY, "control-incident", "symptoms", "recovery", "control")
"""The phases that wait for conditions."""


@dataclass(frozen=True)
class Row:
    """One condition that the phase waits for, and its measurement so far; `settled`: the wait for it is over."""

    name: str
    condition: Condition
    measurement: Measurement
    settled: bool


@dataclass(frozen=True)
class Progress:
    """The conditions of a phase; `more_s`: estimated seconds to its end if the load goes on so; None: unknown."""

    phase: str
    rows: tuple[Row, ...]
    more_s: float | None


def progress(state: DrillState) -> Progress | None:
    """The progress of the present phase; None for a phase that waits for no condition."""
    phase = state.present_phase
    if phase not in _WAITING:
        return None
    rows = tuple(_symptom_rows(state) if phase == "symptoms" else _slo_rows(state, phase))
    return Progress(phase, rows, _more_s(state, phase, rows))


def decided_s(state: DrillState) -> float | None:
    """Estimated seconds until the present phase is decided, either way; None: unknown.

    A recovery is also decided when an SLO is known to be broken after the response.
    """
    now = progress(state)
    if now is None:
        return None
    waits = [now.more_s, _broken_s(state)] if now.phase == "recovery" else [now.more_s]
    return min((wait for wait in waits if wait is not None), default=None)


def _broken_s(state: DrillState) -> float | None:
    """Seconds until the first SLO is known to be broken after the response; None: unknown, or one is known already."""
    begin = state.start("recovery")
    if begin is None:
        return None
    window = _window(state, TREATMENT, begin)
    if any(since(state.question(slo), window, holds=False) is not None for slo in state.slos):
        return None
    waits = (broken_in_s(state.question(slo), window) for slo in state.slos)
    return min((wait for wait in waits if wait is not None), default=None)


def _slo_rows(state: DrillState, phase: str) -> Iterator[Row]:
    side = CONTROL if phase.startswith("control") else TREATMENT
    start = state.recovered_since if phase == "control" else state.start("response" if phase == "recovery" else phase)
    for slo in state.slos:
        if start is not None and (phase != "control" or slo.name in state.slos_broken_s):
            question = state.question(slo, steady=phase in _STEADY)
            measurement = so_far(question, _window(state, side, start))
            yield Row(slo.name, slo.objective, measurement, measurement.holds is True)


def _symptom_rows(state: DrillState) -> Iterator[Row]:
    start = state.start("fault")
    for number, symptom in enumerate(state.symptoms):
        if symptom.condition is not None and start is not None:
            question = state.symptom_question(symptom.condition)
            measurement = so_far(question, _window(state, TREATMENT, start))
            yield Row(symptom.text, symptom.condition, measurement, number in state.symptoms_seen_s)


def _window(state: DrillState, side: str, start: float) -> Window:
    return state.window(side, start, max(start, state.sides[side].frontier))


def _more_s(state: DrillState, phase: str, rows: tuple[Row, ...]) -> float | None:
    """That of the slowest row; a recovery also has to last for long enough, and the control to be observed as long."""
    if phase == "control":
        return _control_s(state)
    if phase == "control-incident":
        return None if state.sequential is None else max(0.0, state.sequential.observe_s - state.age_s(CONTROL))
    waits = [_row_s(row) for row in rows if not row.settled]
    known = [wait for wait in waits if wait is not None]
    if len(known) < len(waits):
        return None
    found = lasting(state, spans_to(state, state.sides[TREATMENT].frontier)) if phase == "recovery" else None
    return max([0.0, *known, found.needed_s - found.lasted_s if found else 0.0])


def _control_s(state: DrillState) -> float | None:
    """Seconds until the control has been observed for long enough; None when time does not decide."""
    credit, needed_s = state.credit, state.control_needed_s
    if credit is None or needed_s is None:
        return None
    return max(needed_s, SPELL_FACTOR * credit.control_healthy_s - credit.lasted_s)


def _row_s(row: Row) -> float | None:
    """Estimated seconds until one row is settled; None while the measurement moves away from it."""
    if row.condition.series is None:
        return max(0.0, CONSECUTIVE_SAMPLES - row.measurement.n) if row.measurement.holds else None
    fraction, theta = row.measurement.bad, row.condition.theta or 0.0
    if row.measurement.holds is False or (fraction is not None and (fraction > theta) == row.condition.wants_low):
        return None
    return row.measurement.more_s
