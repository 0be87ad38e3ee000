"""Whether the machine, and not the runbook, may be the cause of what looks like a failure. Pure.

Each excuse says in words how the machine starved the run; it is "" if it did not, or if that excuses nothing.
"""

from __future__ import annotations

import math

from harness.record.event import TREATMENT
from harness.record.events import PhaseName
from harness.verdict.change import since
from harness.verdict.measurement import measure
from harness.verdict.result import StepResult
from harness.verdict.scope import Outage
from harness.verdict.starvation import slowed, starvation, starved, starved_for, starved_until
from harness.verdict.state import DrillState, Span
from harness.verdict.steps import unanswered
from harness.verdict.timeline import slice_from
from harness.verdict.unmet import LAST_S

HOST_SAMPLE_S = 2.0
"""Period of the samples that say how long processes waited for a processor."""


def starved_recovery(state: DrillState) -> str:
    """How the machine starved the run during the recovery, if the SLOs may look broken only for that; "" if not."""
    begin, end = _phase(state, "recovery")
    if found := starvation(state.host, _phase(state, "baseline"), begin, end, LAST_S):
        return found
    until = starved_until(state.host, begin, end)
    if until == begin or still_broken(state, slice_from(until)):
        return ""
    return f"{starved_for(state.host, begin, end)} in a part of the recovery"


def still_broken(state: DrillState, from_s: float = -math.inf) -> bool:
    """Whether an SLO is known to be broken at the end of the recovery, by the evidence of the phase from a time on."""
    begin = state.start("recovery")
    if state.recovered_since is not None or begin is None or "recovery" not in state.phase_ended_s:
        return False
    end = min(state.sides[TREATMENT].frontier, state.end("recovery"))
    begin = min(end, max(begin, from_s))
    window, last = state.window(TREATMENT, begin, end), state.window(TREATMENT, max(begin, end - LAST_S), end)
    return any(
        since(state.question(slo), window, holds=False) is not None
        or measure(state.question(slo, alarm=True), last).holds is False
        for slo in state.slos
    )


def starved_relapse(state: DrillState) -> str:
    """How the machine starved the run after a recovery, so that it may have ended only for that; "" if not."""
    begin, end = state.recovered_since, state.phase_ended_s.get("control", math.inf)
    if begin is None:
        return ""
    return starvation(state.host, _phase(state, "baseline"), begin, end, LAST_S, "the time after the recovery")


def starved_outage(state: DrillState, outage: Outage) -> str:
    """How the machine starved the run in an outage, so that it may have no other cause; "" if it did not.

    A control beside it does not rule that out: it may have less work, because it turns down what the treatment serves.
    One at another time shows nothing about the machine, so it takes less than starvation there.
    """
    begin = state.applied_s(TREATMENT) + outage.begin_s
    waited = slowed if state.sequential else starved
    return waited(state.host, begin - HOST_SAMPLE_S, begin + outage.seconds + HOST_SAMPLE_S)


def slowed_step(state: DrillState, step: StepResult) -> str:
    """How the machine kept a step that failed without an answer from getting one; "" if it did not."""
    if step.verdict != "failed" or not unanswered(step.facts):
        return ""
    return slowed(state.host, *_phase(state, "response"))


def _phase(state: DrillState, name: PhaseName) -> Span:
    """Begin and end of a phase; infinite before it."""
    return state.phase_started_s.get(name, math.inf), state.phase_ended_s.get(name, math.inf)
