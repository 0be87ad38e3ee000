"""Whether each SLO of a drill holds now, as the drill's own measurements show it. Pure."""

from __future__ import annotations

import math
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
    end = state.sides[TREATMENT].frontier
    window = state.window(TREATMENT, min(end, max(begin_s, end - LONGEST_S)), end)
    return tuple(_now(state, slo, window) for slo in state.slos)


def _now(state: DrillState, slo: Slo, window: Window) -> SloNow:
    question = state.question(slo)
    broken = since(state.question(slo, alarm=True), window, holds=False) is not None
    holds = False if broken else True if since(question, window) is not None else None
    return SloNow(slo.name, slo.objective.text, slo.objective.unit, so_far(question, window).value, holds)


def so_far(question: Question, window: Window) -> Measurement:
    """The measurement of the evidence that counts; of the last seconds when none counts."""
    counting = measure(question, window.after(evidence_start(question.condition, window)))
    return counting if counting.n else measure(question, window.after(max(window.start, window.end - LAST_S)))
