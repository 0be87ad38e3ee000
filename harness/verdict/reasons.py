"""The verdict of a drill and the reasons for it, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.conditions import Condition
from harness.measures.sampled import StateMeasure
from harness.record.event import CONTROL, TREATMENT
from harness.verdict.cause import Reason, evidence, named
from harness.verdict.change import since
from harness.verdict.dashboards import unanswered_boards
from harness.verdict.excuses import slowed_step, starved_outage, starved_recovery, starved_relapse, still_broken
from harness.verdict.lasting import lasting, spans_to
from harness.verdict.measurement import measure
from harness.verdict.quantities import show_measurement
from harness.verdict.result import DashboardResult, StepResult, Verdict
from harness.verdict.scope import Outage, show
from harness.verdict.sequential import is_too_short, starved_control, too_short, unusable_control
from harness.verdict.state import BoundSymptom, DrillState
from harness.verdict.steps import MANUAL, SKIPPED
from harness.verdict.timeline import slice_until
from harness.verdict.unmet import LAST_S, behind_on, with_values

_FIX = "end other work, or use fewer --jobs"


def verdict_of(
    state: DrillState, steps: Sequence[StepResult], dashboards: Sequence[DashboardResult], harm: Sequence[Outage]
) -> tuple[Verdict, list[Reason]]:
    """The verdict and every reason for it, the most important first.

    The steps and dashboards of the document decide only where it is executed as written: another responder is judged by
    the recovery, and what it tried on the way may fail.
    """
    if state.response.chosen:
        steps, dashboards = (), ()
    if state.header.empty:
        text = "the runbook documents no step, so it cannot restore anything; no fault was injected"
        return Verdict.FAILED, [Reason(text)]
    unusable = list(_unusable(state))
    failures = list(_failures(state, steps, dashboards, harm))
    if unusable:
        return Verdict.INCONCLUSIVE, unusable + failures
    doubts = list(_doubts(state, steps, harm))
    if failures:
        return Verdict.FAILED, failures + doubts
    if doubts:
        return Verdict.INCONCLUSIVE, doubts
    done = state.response.summary or _done(steps)
    return Verdict.PASSED, [Reason(f"all symptoms observed, {done}, SLOs recovered; {_credited(state)}")]


def _credited(state: DrillState) -> str:
    if state.credit is None:
        raise ValueError("a drill without a comparison of its sides cannot pass")
    names, alpha = ", ".join(state.credit.still_broken), f"{state.credit.alpha:.2g}"
    ran = ", which ran before the treatment on the same platform" if state.sequential else ""
    return f"{names} stayed broken in the control run{ran} (self-healing explains this with p <= {alpha})"


def _done(steps: Sequence[StepResult]) -> str:
    """How the steps of a drill in which none failed have ended, as text."""
    manual, skipped = (sum(step.verdict == verdict for step in steps) for verdict in (MANUAL, SKIPPED))
    left = [f"{_steps(manual)} left to a person"] * bool(manual) + [f"{_steps(skipped)} not run"] * bool(skipped)
    return f"all executed steps succeeded ({', '.join(left)})" if left else "all steps succeeded"


def _steps(count: int) -> str:
    return f"{count} step is" if count == 1 else f"{count} steps are"


def _unusable(state: DrillState) -> Iterator[Reason]:
    """Reasons for which the drill is no evidence about the runbook."""
    if state.interrupted:
        yield Reason("interrupted before the end")
    yield from (Reason(f"the drill crashed: {crash}") for crash in state.crashes)
    if not (state.ended or state.header.unbound):
        yield Reason("the record stops before the end of the drill")
    lost = ((name, side.load_ended) for name, side in state.sides.items() if side.load_ended)
    yield from (Reason(f"load lost ({name}): {why}") for name, why in lost)
    if state.header.unbound:
        yield Reason(state.header.unbound)
    elif not state.baseline_spans:
        yield from _no_baseline(state)
    else:
        yield from _symptom_problems(state)


def _no_baseline(state: DrillState) -> Iterator[Reason]:
    if "baseline" in state.phase_started_s:
        after = " after the run of the control" if state.sequential else ""
        yield with_values(f"baseline not met{after}", state, "baseline", "before")
    elif found := list(unusable_control(state)):
        yield from found
    elif not (state.interrupted or state.crashes):
        yield Reason("the drill never reached its baseline")


def _symptom_problems(state: DrillState) -> Iterator[Reason]:
    for number in sorted(state.symptoms_present_before):
        symptom = state.symptoms[number]
        yield Reason(f"line {symptom.line}: symptom `{symptom.text}` was present before the fault", part="before")
    if not state.symptoms:
        yield Reason("the runbook documents no symptom, so it does not say when it applies")
    waited = "symptoms" in state.phase_ended_s
    for number, symptom in enumerate(state.symptoms):
        if symptom.condition is None:
            text = f"symptom `{symptom.text}` is bound to no condition; bind it in gameday.yaml"
            yield Reason(f"line {symptom.line}: {text}", part="during")
        elif number not in state.symptoms_seen_s and waited:
            yield _absent(state, symptom, symptom.condition)
    if not state.slos_broken_s and waited:
        yield Reason("the fault broke no SLO, so there was nothing to restore", part="during")


def _absent(state: DrillState, symptom: BoundSymptom, condition: Condition) -> Reason:
    """A symptom that was awaited and did not appear, with its measured value from the fault on."""
    fact = f"line {symptom.line}: symptom `{symptom.text}` ({condition.text}) did not appear"
    window = state.window(TREATMENT, slice_until(state.applied_s(TREATMENT)), state.end("symptoms"))
    found = measure(state.symptom_question(condition), window)
    value = show_measurement(found, condition.unit)
    if isinstance(condition.measure, StateMeasure) and found.value is not None:
        value = condition.measure.bad if found.value else condition.measure.good
    return Reason(fact, measured=f"it was {value} during the incident {evidence(condition.text, found)}")


def _failures(
    state: DrillState, steps: Sequence[StepResult], dashboards: Sequence[DashboardResult], harm: Sequence[Outage]
) -> Iterator[Reason]:
    """Evidence against the runbook."""
    if still_broken(state) and not starved_recovery(state):
        yield with_values("the SLOs did not recover", state, "recovery", "after", with_step=True)
    yield from (Reason(show(outage)) for outage in harm if not starved_outage(state, outage))
    if state.relapsed and not starved_relapse(state):
        yield _relapse(state)
    if "response" in state.phase_ended_s and not state.response.chosen and not any(step.facts.ran for step in steps):
        yield Reason("the runbook has no step that could be run")
    bad = [step for step in steps if step.verdict in ("failed", "refused") and not slowed_step(state, step)]
    yield from (Reason(f"{step.place}: {step.why}", named(step)) for step in bad)
    yield from (
        Reason(f"line {board.line}: {board.text}: {board.why}") for board in dashboards if board.verdict == "failed"
    )


def _relapse(state: DrillState) -> Reason:
    names = ", ".join(state.relapsed)
    fact = f"the SLOs recovered and broke again while the fault was still active: {names}"
    return Reason(fact, measured=_at_last(state, state.relapsed[0], TREATMENT))


def _doubts(state: DrillState, steps: Sequence[StepResult], harm: Sequence[Outage]) -> Iterator[Reason]:
    """Reasons for which a recovery is not credited to the runbook, or not certain."""
    yield from _excused(state, steps, harm)
    yield from (
        Reason(f"line {unread.line} was not understood, so it was not tested: {unread.why}")
        for unread in (() if state.response.chosen else state.header.unread)
    )
    yield from map(Reason, unanswered_boards(state))
    if state.recovered_since is None and "recovery" in state.phase_ended_s and not still_broken(state):
        yield _undecided(state)
    if state.recovered_since is not None and not state.relapsed:
        yield from _no_credit(state)
    if state.reverted is not True:
        yield Reason(f"the fault was not reverted: {state.revert_why or 'the drill ended before'}")
    elif not state.after_revert_spans and state.recovered_since is not None:
        yield with_values("after the revert the SLOs did not hold", state, "after-revert", "after_revert")


def _excused(state: DrillState, steps: Sequence[StepResult], harm: Sequence[Outage]) -> Iterator[Reason]:
    """What would be evidence against the runbook, were it not that the machine may be the cause."""
    for outage in harm:
        if why := starved_outage(state, outage):
            yield Reason(f"{show(outage)}; but {why}: {_FIX}")
    if state.relapsed and (why := starved_relapse(state)):
        relapse = _relapse(state)
        yield replace(relapse, text=f"{relapse.text}; but {why}: {_FIX}")
    for step in steps:
        if why := slowed_step(state, step):
            yield Reason(f"{step.place}: {step.why}; but {why}: {_FIX}", named(step))
    if still_broken(state) and (why := starved_recovery(state)):
        yield Reason(f"{why}, so the SLOs may be broken for that reason: {_FIX}", part="after")


def _undecided(state: DrillState) -> Reason:
    """Why it is not known whether the SLOs recovered: too little evidence, or a recovery that is still too short."""
    start, end = state.start("response") or 0.0, state.end("recovery")
    window = state.window(TREATMENT, start, max(start, end))
    found = lasting(state, spans_to(state, end))
    if found is None or any(since(state.question(slo), window) is None for slo in state.slos):
        return with_values("whether the SLOs recovered could not be decided", state, "recovery", "after")
    fact = (
        f"the SLOs held for the last {found.lasted_s:.0f} s with data, but a recovery must last {found.needed_s:.0f} s"
    )
    why = "as long as the incident had lasted, and as its slowest onset took"
    return Reason("; ".join([f"{fact}: {why}", *behind_on(state, "recovery", TREATMENT)]), fact, "after")


def _at_last(state: DrillState, name: str, side: str) -> str:
    """An SLO in the last seconds in which both sides are observed: up to the end of the control phase."""
    slo = next(slo for slo in state.slos if slo.name == name)
    frontier = state.sides[side].frontier
    end = min(frontier, slice_until(state.phase_ended_s.get("control", frontier)))
    found = measure(state.question(slo), state.window(side, end - LAST_S, end))
    where = "at last" if side == TREATMENT else f"at last on the {side}"
    value = show_measurement(found, slo.objective.unit)
    return f"{slo.name} {value} {where} {evidence(slo.objective.text, found)}"


def _no_credit(state: DrillState) -> Iterator[Reason]:
    """Reasons for which the recovery may not be due to the response."""
    credit, limit = state.credit, state.header.credit_alpha
    if state.faults_ended:
        yield from (
            Reason(f"the fault ended by itself on the {side}: {why}") for side, why in state.faults_ended.items()
        )
    elif credit is None:
        yield Reason("not controlled: the control was not observed after the recovery")
    elif credit.self_healed:
        text = "self-healed: the SLOs also recovered on the control, so the runbook gets no credit"
        yield Reason(text, measured=_at_last(state, (state.broken or state.slos)[0].name, CONTROL))
    elif credit.window_s is None:
        yield Reason("no step had changed anything when the SLOs began to hold again, so the runbook gets no credit")
    elif is_too_short(state):
        yield too_short(state)
    elif why := starved_control(state):
        yield Reason(f"the control may have stayed broken because of the machine: {why}: end other work")
    elif not credit.still_broken:
        fact = "not controlled: whether the SLOs would have stayed broken without the runbook could not be decided"
        healthy = f"the control was healthy for up to {credit.control_healthy_s:.1f} s at a time"
        yield Reason(f"{fact}; {healthy}, the recovery lasted {credit.lasted_s:.1f} s", fact, "control")
    elif credit.alpha > limit:
        fact = f"not certain: an incident that ends by itself explains the recovery with p <= {credit.alpha:.2g}"
        more = f"{state.control_needed_s or 0.0:.0f} s more of the control, or earlier runs, would decide"
        yield Reason(f"{fact} (limit {limit:g}); {more}", f"{fact} (limit {limit:g})", "control")
