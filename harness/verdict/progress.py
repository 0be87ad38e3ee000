"""What a phase knows so far of its question, and about how long it still has to ask: for whoever waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.conditions import Condition
from harness.record.events import CONTROL, TREATMENT
from harness.stats.sequential import TestParameters
from harness.verdict.change import PROBE_LOOKS, begin_of
from harness.verdict.measurement import Reading, read
from harness.verdict.state import DrillState
from harness.verdict.timeline import Timeline

LAST_S = 5.0


@dataclass(frozen=True)
class Row:
    """One condition that a phase waits for, and what is known of it; `settled`: it is waited for no longer."""

    name: str
    condition: Condition
    reading: Reading
    settled: bool


@dataclass(frozen=True)
class Progress:
    """`more_s`: about how many more seconds the phase needs if all goes on as it does; None: nobody can say."""

    phase: str
    rows: tuple[Row, ...]
    more_s: float | None


def progress(state: DrillState) -> Progress | None:
    """How far the present phase is; None where it asks nothing."""
    phase = state.present_phase
    if phase not in ("baseline", "symptoms", "recovery", "control", "after-revert"):
        return None
    rows = tuple(_symptom_rows(state) if phase == "symptoms" else _slo_rows(state, phase))
    return Progress(phase, rows, _more_s(state, phase, rows))


def _slo_rows(state: DrillState, phase: str) -> Iterator[Row]:
    side = state.sides[CONTROL if phase == "control" else TREATMENT]
    start = state.recovered_since if phase == "control" else state.start("response" if phase == "recovery" else phase)
    for slo in state.slos:
        if start is not None and (phase != "control" or slo.name in state.slos_broken_s):
            parameters = state.parameters(slo, steady=phase in ("baseline", "after-revert"))
            reading = _gathered(slo.objective, side, start, parameters)
            yield Row(slo.name, slo.objective, reading, reading.holds is True)


def _symptom_rows(state: DrillState) -> Iterator[Row]:
    start = state.start("fault")
    for number, symptom in enumerate(state.symptoms):
        if symptom.condition is not None and start is not None:
            reading = _gathered(
                symptom.condition, state.sides[TREATMENT], start, state.symptom_parameters(symptom.condition)
            )
            yield Row(symptom.text, symptom.condition, reading, number in state.symptoms_seen_s)


def _gathered(condition: Condition, timeline: Timeline, start: float, parameters: TestParameters) -> Reading:
    """What is gathered for the condition; where everything speaks against it, what was seen last."""
    end = max(start, timeline.frontier)
    gathered = read(condition, timeline, begin_of(condition, timeline, start, end), end, parameters)
    return gathered if gathered.n else read(condition, timeline, max(start, end - LAST_S), end, parameters)


def _more_s(state: DrillState, phase: str, rows: tuple[Row, ...]) -> float | None:
    """The slowest row decides; a recovery also has to last as long as the onset did."""
    waits = [_row_s(row) for row in rows if not row.settled]
    known = [wait for wait in waits if wait is not None]
    if len(known) < len(waits):
        return None
    lasting = max((state.onset_s - row.reading.seconds for row in rows), default=0.0) if phase == "recovery" else 0.0
    return max([0.0, lasting, *known])


def _row_s(row: Row) -> float | None:
    """While the trend is towards the contrary, nobody can say how long it takes to turn."""
    if row.condition.series is None:
        return max(0.0, PROBE_LOOKS - row.reading.n) if row.reading.holds else None
    fraction, theta = row.reading.bad, row.condition.theta or 0.0
    if row.reading.holds is False or (fraction is not None and (fraction > theta) == row.condition.wants_low):
        return None
    return row.reading.more_s
