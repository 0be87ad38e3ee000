"""Whether each SLO of a drill holds now, as the drill's own measurements show it. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from harness.record.event import TREATMENT
from harness.verdict.change import evidence_start, since
from harness.verdict.measurement import Measurement, measure
from harness.verdict.state import DrillState, Slo
from harness.verdict.window import Question, Window

LAST_S = 5.0
"""Length in seconds of the window that is shown while no evidence counts."""
LONGEST_S = 60.0
"""What is older than so many seconds is no evidence for now."""


@dataclass(frozen=True)
class SloNow:
    """One SLO on the treatment.

    `value` is in the unit of the objective, None where nothing was measured; `holds` is None while it is not known.
    """

    name: str
    objective: str
    unit: str
    value: float | None
    holds: bool | None


def slos_now(state: DrillState, begin_s: float = -math.inf) -> tuple[SloNow, ...]:
    """Each SLO by the latest evidence of the treatment from `begin_s` on, the begin of a slice."""
    window = _window(state, begin_s)
    return tuple(_now(state, slo, window) for slo in state.slos)


def holding_now(state: DrillState, begin_s: float, names: Collection[str]) -> set[str]:
    """The names, of these, of the SLOs that are known to hold by the same evidence."""
    window = _window(state, begin_s)
    return {slo.name for slo in state.slos if slo.name in names and _holds(state, slo, window)}


def _window(state: DrillState, begin_s: float) -> Window:
    end = state.sides[TREATMENT].frontier
    return state.window(TREATMENT, min(end, max(begin_s, end - LONGEST_S)), end)


def _now(state: DrillState, slo: Slo, window: Window) -> SloNow:
    value = so_far(state.question(slo), window).value
    return SloNow(slo.name, slo.objective.text, slo.objective.unit, value, _holds(state, slo, window))


def _holds(state: DrillState, slo: Slo, window: Window) -> bool | None:
    """Whether an SLO holds at the end of a window; None: not known."""
    if since(state.question(slo, alarm=True), window, holds=False) is not None:
        return False
    return True if since(state.question(slo), window) is not None else None


def so_far(question: Question, window: Window) -> Measurement:
    """The measurement of the evidence that counts; of the last seconds when none counts."""
    counting = measure(question, window.after(evidence_start(question.condition, window)))
    return counting if counting.n else measure(question, window.after(max(window.start, window.end - LAST_S)))
