"""Computes the result of a drill from its state."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from harness.record.event import CONTROL, TREATMENT
from harness.record.steps import StepFacts
from harness.stats.inflation import Slice
from harness.stats.sequential import SLICE_S
from harness.verdict.alerts import alerts_of
from harness.verdict.budget import Budget, budget
from harness.verdict.cause import cause_of
from harness.verdict.change import evidence_start
from harness.verdict.dashboards import dashboard_findings, dashboard_results
from harness.verdict.firing import early_alerts, prometheus_alerts
from harness.verdict.latency import latencies
from harness.verdict.measurement import Measurement, measure, slices
from harness.verdict.phases import phases_of
from harness.verdict.reasons import verdict_of
from harness.verdict.response import response_of
from harness.verdict.result import (
    DrillResult,
    Effect,
    LoadFacts,
    SequentialRun,
    SloResult,
    StepResult,
    SymptomResult,
)
from harness.verdict.scope import Outage, outages, unguarded, weakened
from harness.verdict.sequential import needed_s
from harness.verdict.state import ALPHA, DrillState, Slo, Span
from harness.verdict.steps import judge_step
from harness.verdict.timeline import slice_from, slice_until
from harness.verdict.times import times_of
from harness.verdict.unmet import LAST_S
from harness.verdict.window import Window

if TYPE_CHECKING:
    from harness.verdict.charts import Charts

EFFECT_S = 5
"""Longest window before and after a step whose bad fractions are compared, in seconds."""
EFFECT_SIGMA = 3.0
"""Standard errors by which they must differ."""


def drill_result(state: DrillState) -> DrillResult:
    """The result of a drill: verdict, reasons and evidence. Pure."""
    header = state.header
    steps = tuple(_steps(state, [facts for facts in state.steps if facts.kind != "general"]))
    general = tuple(_steps(state, [facts for facts in state.steps if facts.kind == "general"]))
    dashboards = tuple(dashboard_results(state))
    harm = outages(state)
    slos = tuple(_slo(state, slo) for slo in state.slos)
    verdict, reasons = verdict_of(state, steps, dashboards, harm)
    return DrillResult(
        runbook=header.drill,
        title=header.title,
        line=header.line,
        fault=header.fault,
        verdict=verdict,
        cause=cause_of(verdict, reasons, steps, slos),
        why=tuple(reason.text for reason in reasons),
        symptoms=tuple(_symptoms(state)),
        steps=steps,
        general=general,
        slos=slos,
        dashboards=dashboards,
        outages=harm,
        controlled=bool(state.controlled),
        credit=state.credit,
        credit_limit=state.header.credit_alpha,
        control_needed_s=needed_s(state),
        sequential=SequentialRun(state.sequential.why, state.sequential.observe_s) if state.sequential else None,
        times=times_of(state),
        prometheus_alerts=prometheus_alerts(state),
        reverted=bool(state.reverted),
        control_reverted=bool(state.control_reverted),
        findings=tuple(_findings(state, steps)),
        phases=tuple(phases_of(state)),
        alpha=ALPHA,
        response=response_of(state.response, state.phase_started_s.get("response", state.applied_s(TREATMENT))),
        load=LoadFacts(header.scenario, header.rate_per_s or 0.0),
        alerts=alerts_of(state),
        latencies=tuple(latencies(state)),
        draw=partial(_draw, state, harm),
    )


def _draw(state: DrillState, harm: Sequence[Outage]) -> Charts:
    from harness.verdict.charts import charts_of  # noqa: PLC0415  only a page has plots

    return charts_of(state, harm)


def _slo(state: DrillState, slo: Slo) -> SloResult:
    before, during = _before(state, slo, TREATMENT), _during(state, slo)
    return SloResult(
        name=slo.name,
        objective=slo.objective.text,
        unit=slo.objective.unit,
        before=before,
        control_before=_before(state, slo, CONTROL),
        during=during,
        after=_after(state, slo),
        after_revert=_over(state, slo, state.after_revert_spans.get(slo.name), steady=True),
        control=_control(state, slo),
        budget=_budget(state, slo, before),
    )


def _over(state: DrillState, slo: Slo, span: Span | None, *, steady: bool = False) -> Measurement | None:
    """The measurement over a span of the treatment; None without one."""
    if span is None:
        return None
    return measure(state.question(slo, steady=steady), state.window(TREATMENT, *span))


def _before(state: DrillState, slo: Slo, side: str) -> Measurement | None:
    """The baseline, with the parameters with which it was decided: its own VIF was not known then."""
    begun = state.start(state.baseline_phase(side))
    if begun is None:
        return None
    known = state.baseline_spans.get(side) or (state.control_baseline_spans if side == CONTROL else {})
    return measure(state.baseline_question(slo), state.window(side, *known.get(slo.name, (begun, None))))


def _during(state: DrillState, slo: Slo) -> Measurement | None:
    """From the onset to the response; from the fault if the SLO did not break."""
    incident = _incident(state)
    if incident is None:
        return None
    return measure(state.question(slo, alarm=True), incident.after(_onset(state, slo, incident)))


def _incident(state: DrillState) -> Window | None:
    """The treatment from the fault to the response; None before the fault."""
    fault, main = state.start("fault"), state.sides[TREATMENT]
    if fault is None:
        return None
    return state.window(TREATMENT, fault, max(state.start("response") or main.frontier, fault + SLICE_S))


def _onset(state: DrillState, slo: Slo, incident: Window) -> float:
    """When an SLO broke in the incident; the begin of the incident if it did not."""
    if slo.name not in state.slos_broken_s:
        return incident.start
    return min(evidence_start(slo.objective, incident, holds=False), incident.end - SLICE_S)


def _after(state: DrillState, slo: Slo) -> Measurement | None:
    if slo.name in state.recovery_spans or "recovery" not in state.phase_ended_s:
        return _over(state, slo, state.recovery_spans.get(slo.name))
    end = slice_until(state.phase_ended_s["recovery"])
    return _over(state, slo, (end - LAST_S, end))


def _control(state: DrillState, slo: Slo) -> Measurement | None:
    begin = state.recovered_since
    return None if begin is None else measure(state.question(slo, alarm=True), state.window(CONTROL, begin))


def _budget(state: DrillState, slo: Slo, before: Measurement | None) -> Budget | None:
    """From the fault until this SLO held again, or until the end of the recovery phase."""
    fault, main = state.start("fault"), state.sides[TREATMENT]
    if fault is None:
        return None
    limit = slice_until(state.phase_ended_s.get("recovery", main.frontier))
    until = state.recovery_spans[slo.name][0] if slo.name in state.recovery_spans else min(limit, main.frontier)
    incident = measure(state.question(slo), state.window(TREATMENT, fault, max(until, fault)))
    allowed = slo.objective.measure.allowed_bad(slo.objective)
    return budget(allowed, slo.window_s, before, incident)


def _symptoms(state: DrillState) -> Iterator[SymptomResult]:
    start = state.applied_s(TREATMENT)
    for number, symptom in enumerate(state.symptoms):
        at = state.symptoms_seen_s.get(number)
        after = None if at is None else round(at - start, 1)
        condition = symptom.condition.text if symptom.condition else None
        yield SymptomResult(symptom.line, symptom.text, condition, at is not None, after)


def _steps(state: DrillState, steps: Sequence[StepFacts]) -> Iterator[StepResult]:
    for number, facts in enumerate(steps):
        changed_s = max((_end(other) for other in steps[:number] if other.changed), default=-math.inf)
        changes_s = min((other.started_s for other in steps[number + 1 :] if other.changed), default=math.inf)
        verdict, why = judge_step(facts)
        yield StepResult(facts, verdict, why, tuple(_effects(state, facts, (changed_s, changes_s))))


def _end(facts: StepFacts) -> float:
    return facts.started_s + facts.seconds


def _effects(state: DrillState, facts: StepFacts, others: Span) -> Iterator[Effect]:
    """The effects of a step that changed something; `others`: end of the change before it, begin of the next one.

    From the SLO's onset on, and between these two, only this step can have an effect, save one that comes late.
    """
    if not facts.changed:
        return
    main, incident = state.sides[TREATMENT], _incident(state)
    start, end = slice_until(facts.started_s), slice_from(_end(facts))
    until = min(end + EFFECT_S, others[1], main.frontier)
    for slo in state.slos:
        begin = max(start - EFFECT_S, others[0], _onset(state, slo, incident) if incident else start - EFFECT_S)
        before = _fraction(slices(slo.objective, Window(main, slice_from(begin), start), pessimistic=False))
        after = _fraction(slices(slo.objective, Window(main, end, slice_until(until)), pessimistic=False))
        yield Effect(slo.name, before[0], after[0], _differ(before, after))


def _fraction(counts: Sequence[Slice]) -> tuple[float | None, int]:
    n, bad = sum(piece.n for piece in counts), sum(piece.bad for piece in counts)
    return (bad / n if n else None), n


def _differ(left: tuple[float | None, int], right: tuple[float | None, int]) -> bool:
    """Whether two proportions differ by more than three pooled standard errors: an indication, no verdict."""
    (p, n), (q, m) = left, right
    if p is None or q is None:
        return False
    pooled = (p * n + q * m) / (n + m)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return abs(p - q) > EFFECT_SIGMA * spread if spread else p != q


def _findings(state: DrillState, steps: Sequence[StepResult]) -> Iterator[str]:
    yield from state.findings
    yield from _not_decisive(state, steps)
    yield from weakened(state)
    yield from unguarded(state)
    yield from dashboard_findings(state)
    yield from early_alerts(state)
    for step in steps:
        yield from (f"line {step.facts.line}: {note}" for note in step.facts.notes)
        if step.facts.kind == "toggle" and step.verdict == "ok" and _moved_nothing(step):
            yield f"{step.place}: was applied and had no measurable effect"


def _not_decisive(state: DrillState, steps: Sequence[StepResult]) -> Iterator[str]:
    """What would decide a drill in which the document is executed as written, and does not decide this one."""
    if state.response.chosen:
        yield from (f"{step.place}: {step.why}" for step in steps if step.verdict in ("failed", "refused"))
        for board in dashboard_results(state):
            yield from [f"line {board.line}: {board.text}: {board.why}"] if board.verdict == "failed" else []


def _moved_nothing(step: StepResult) -> bool:
    measured = [effect for effect in step.effects if effect.before is not None and effect.after is not None]
    return bool(measured) and not any(effect.moved for effect in measured)
