"""For how long a sequential control is observed: chosen before the treatment runs, which it has to be compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.plan import DrillPlan, GamedayPlan
from harness.record.events import ControlPlanned
from harness.record.steps import Purpose
from harness.stats.hazard import ratio_needed
from harness.verdict.state import AGE_FACTOR, CREDIT_ALPHA, MIN_LASTING_S

MARGIN = 1.25
"""Two runs of the same runbook differ; the observation is so many times as long as the earlier ones needed."""
ONSET_S, REMEDY_S = 10.0, 10.0
"""What a drill takes on a first run until the symptoms are there, and from the last step until the remedy works."""
STEP_S: Mapping[Purpose, float] = {"read": 2.0, "change": 5.0, "manual": 0.0}
"""What a step takes: a look, a change with its rollout, and what is left to a person, which is not executed."""
SPARE_S = 5.0
"""The observation ends so long before the fault would end by itself."""


def control_plan(drill: DrillPlan, plan: GamedayPlan, earlier_s: Sequence[float]) -> ControlPlanned | None:
    """The plan of a sequential control; None if the control runs beside the treatment.

    `earlier_s`: by earlier run of this drill, for how long its control had to be observed.
    """
    control = plan.bindings.control
    if control is None or drill.binding is None:
        return None
    longest_s = min(fault.max_duration_s for fault in plan.bindings.faults[drill.binding.fault]) - SPARE_S
    chosen_s = control.observe_s or min(
        longest_s, MARGIN * max(earlier_s, default=expected_s([step.purpose for step in drill.steps]))
    )
    return ControlPlanned(why=control.why, observe_s=round(chosen_s, 1))


def expected_s(steps: Sequence[Purpose]) -> float:
    """For how long the control of a drill with such steps must be observed if it recovers as late as is usual."""
    looks = next((number for number, each in enumerate(steps) if each == "change"), len(steps))
    before_s = ONSET_S + sum(STEP_S[each] for each in steps[:looks])
    window_s = REMEDY_S + sum(STEP_S[each] for each in steps[looks:])
    recovered_s = before_s + window_s
    ratio = max(AGE_FACTOR, ratio_needed(window_s, before_s, CREDIT_ALPHA))
    return max(ratio * recovered_s, recovered_s + MIN_LASTING_S)
