"""The sequential control: it ran before the treatment on the same platform, and is judged as though at the same time.

All rules compare ages, the seconds since the fault of the side. So once the fault is active on the treatment, what was
measured on the control is moved in time until both faults coincide, and is shown up to the age that the treatment has
reached: then every rule of a parallel control holds as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.record.event import CONTROL, TREATMENT
from harness.record.events import PhaseName
from harness.verdict.cause import Reason
from harness.verdict.starvation import starvation
from harness.verdict.state import DrillState, Span
from harness.verdict.timeline import slice_until
from harness.verdict.unmet import LAST_S, values_of, with_values


def align(state: DrillState) -> None:
    """Move a sequential control so that its fault coincides with that of the treatment; nothing to do for others.

    By whole slices: the faults coincide to within one of them, and the ages on each side stay exact.
    """
    if state.sequential is None or state.control_run is not None:
        return
    state.control_run = state.sides[CONTROL]
    shift_s = slice_until(state.applied_s(TREATMENT) - state.applied_s(CONTROL))
    state.sides[CONTROL] = state.control_run.replayed(shift_s, state.end("control-incident"))
    state.fault_applied_s[CONTROL] += shift_s
    state.baseline_spans[CONTROL] = {
        name: _moved(span, shift_s) for name, span in state.baseline_spans[CONTROL].items()
    }
    state.control_broken_s.clear()
    show(state)


def _moved(span: Span, by_s: float) -> Span:
    return span[0] + by_s, span[1] + by_s


def show(state: DrillState) -> None:
    """Show an aligned control up to the age of the treatment."""
    if state.control_run is not None:
        state.sides[CONTROL].shown_until_s = state.sides[TREATMENT].frontier


def answer_of_control(state: DrillState, phase: str) -> bool | None:
    """The decision that a phase of a sequential control waits for; None: there is none yet."""
    if phase == "control-baseline":
        return True if state.control_baseline_spans else False if state.baseline_broken else None
    planned_s = state.sequential.observe_s if state.sequential else math.inf
    return bool(state.control_broken_s) if state.age_s(CONTROL) >= planned_s else None


def unusable_control(state: DrillState) -> Iterator[Reason]:
    """Why no treatment can be compared with the run of a sequential control; nothing where one can."""
    answers = state.answers
    if answers.get("control-baseline", True) is not True:
        yield with_values("baseline not met", state, "control-baseline", "control_before")
    if answers.get("control-incident", True) is False:
        fact = "the fault broke no SLO on the control, so there was nothing to restore"
        yield Reason(fact, measured=values_of(state, "control-incident"))
    if answers.get("control-incident", True) is None:
        yield Reason("the control could not be observed for as long as planned: its load reported too little")
    if state.control_reverted is False:
        yield Reason(f"the fault was not reverted on the control: {state.control_revert_why}")


def needed_s(state: DrillState) -> float | None:
    """Seconds for which a control has to be observed from its fault on for this recovery; None: time does not decide.

    Until `alpha` suffices, and up to the age at which the recovery on the treatment counted, as a parallel one is.
    """
    age_needed_s, begin = state.control_age_needed_s, state.recovered_since
    if age_needed_s is None or begin is None:
        return None
    return max(age_needed_s, begin + state.lasting_s(begin) - state.applied_s(TREATMENT))


def is_too_short(state: DrillState) -> bool:
    """Whether a sequential control ended too early for this recovery: it cannot be observed any further."""
    needed = needed_s(state) if state.control_run else None
    return needed is not None and needed > state.sides[CONTROL].end_s - state.applied_s(CONTROL)


def too_short(state: DrillState) -> Reason:
    """That a sequential control ended before the age that this recovery demands, and what would have sufficed."""
    planned = state.sequential.observe_s if state.sequential else 0.0
    needed, recovered = math.ceil(needed_s(state) or 0.0), state.recovered_since or 0.0
    fact = f"not controlled: the control was observed for {planned:.0f} s, and a recovery"
    fact = f"{fact} {recovered - state.applied_s(TREATMENT):.0f} s after the fault takes {needed} s"
    return Reason(f"{fact}: set `observe_s: {needed}` under `control`, or --observe {needed}", fact, "control")


def starved_control(state: DrillState) -> str:
    """How the machine starved a sequential control, so that it may look broken for that; "" if it did not."""
    if state.sequential is None:
        return ""
    return starvation(
        state.host, _phase(state, "control-baseline"), *_phase(state, "control-incident"), LAST_S, "its incident"
    )


def _phase(state: DrillState, name: PhaseName) -> Span:
    return state.phase_started_s[name], state.phase_ended_s[name]
