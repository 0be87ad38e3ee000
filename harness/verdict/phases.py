"""Duration, arrivals and decision of each phase of a drill. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from harness.record.event import CONTROL, TREATMENT
from harness.verdict.result import PhaseResult
from harness.verdict.state import DrillState
from harness.verdict.timeline import slice_from


def phases_of(state: DrillState) -> Iterator[PhaseResult]:
    """Duration, arrivals and decision of each phase that ended."""
    for phase, start in state.phase_started_s.items():
        if phase in state.phase_ended_s:
            end = state.phase_ended_s[phase]
            asked = phase in state.answers
            yield PhaseResult(
                phase, round(end - start, 1), _arrivals(state, phase, start, end), asked, state.answers.get(phase)
            )


def _arrivals(state: DrillState, phase: str, start: float, end: float) -> int:
    """Arrivals on the sides that were up. One may be in several series, so only a side's largest series counts."""
    window, sides = (slice_from(start), slice_from(end)), list(state.sides.values())
    if state.sequential:
        control = state.control_run or state.sides[CONTROL]
        sides = [control if phase.startswith("control-") else state.sides[TREATMENT]]
    return sum(
        max((sum(counts.sent for counts in side.slices(name, *window)) for name in side.series()), default=0)
        for side in sides
    )
