"""Whether each SLO of a drill holds now, as the drill's own measurements show it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from harness.record.event import TREATMENT
from harness.verdict.measurement import measure
from harness.verdict.state import DrillState

LAST_S = 5.0
"""Length of the window that counts as now, in seconds."""


@dataclass(frozen=True)
class SloNow:
    """One SLO on the treatment in the last seconds.

    `value` is in the unit of the objective, None where nothing was measured; `holds` is None while it is undecided.
    """

    name: str
    objective: str
    unit: str
    value: float | None
    holds: bool | None


def slos_now(state: DrillState) -> tuple[SloNow, ...]:
    """Each SLO over the last LAST_S seconds of the treatment that are measured."""
    end = state.sides[TREATMENT].frontier
    found = []
    for slo in state.slos:
        now = measure(state.question(slo, alarm=True), state.window(TREATMENT, end - LAST_S, end))
        found.append(SloNow(slo.name, slo.objective.text, slo.objective.unit, now.value, now.holds))
    return tuple(found)
