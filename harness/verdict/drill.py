"""The result of one drill, computed from what the judge has learnt."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from harness.conditions.grammar import Condition
from harness.verdict.judge import MAIN, STEADY_ALPHA, TWIN, Slo, Trial
from harness.verdict.reading import Reading, read, slices
from harness.verdict.reasons import LAST_S, verdict_of
from harness.verdict.result import (
    DashboardResult,
    DrillResult,
    Effect,
    SloResult,
    StepResult,
    SymptomResult,
)
from harness.verdict.steps import StepFacts, judge_step
from harness.verdict.timeline import Timeline

EFFECT_S = 5
"""Longest window before and after a step in which its effect is looked for."""
EFFECT_SIGMA = 3.0


def drill_result(trial: Trial) -> DrillResult:
    """Everything that the record says of one drill."""
    header = trial.header
    steps = tuple(_steps(trial, [facts for facts in trial.steps if facts.kind != "general"]))
    general = tuple(_steps(trial, [facts for facts in trial.steps if facts.kind == "general"]))
    dashboards = tuple(_dashboards(trial))
    verdict, why = verdict_of(trial, steps, dashboards)
    return DrillResult(
        runbook=header["runbook"],
        title=header["title"],
        line=header["line"],
        fault=header["fault"],
        verdict=verdict,
        why=tuple(why),
        symptoms=tuple(_symptoms(trial)),
        steps=steps,
        general=general,
        slos=tuple(_slo(trial, slo) for slo in trial.slos),
        dashboards=dashboards,
        controlled=bool(trial.controlled),
        detect_s=_since_fault(trial, min(trial.seen.values(), default=None)),
        recover_s=_recover_s(trial),
        undone=bool(trial.undone),
        findings=tuple(_findings(trial, steps)),
        phases=tuple(_phases(trial)),
    )


def _since_fault(trial: Trial, second: float | None) -> float | None:
    start = trial.phases.get("fault")
    return None if start is None or second is None else round(second - start, 1)


def _recover_s(trial: Trial) -> float | None:
    """From the fault on; the whole second from which the SLOs hold may begin a little before it."""
    after = _since_fault(trial, trial.recovered_since)
    return None if after is None else max(0.0, after)


def _slo(trial: Trial, slo: Slo) -> SloResult:
    main, objective, fault = trial.sides[MAIN], slo.objective, trial.start("fault")
    answered = trial.start("response") or main.frontier
    during = held = control = None
    if fault is not None:
        during = read(objective, main, fault, max(answered, fault + 1))
    if trial.recovered_since is not None:
        twin = trial.sides[TWIN]
        control = read(objective, twin, trial.recovered_since, twin.frontier)
    if trial.held_since is not None and trial.held_end is not None:
        held = read(objective, main, trial.held_since, trial.held_end, STEADY_ALPHA)
    before, after = _before(trial, objective), _after(trial, objective)
    return SloResult(slo.name, objective.text, objective.unit, before, during, after, held, control)


def _before(trial: Trial, objective: Condition) -> Reading | None:
    main, begun = trial.sides[MAIN], trial.start("baseline")
    if trial.baseline_since is not None and trial.baseline_end is not None:
        return read(objective, main, trial.baseline_since, trial.baseline_end, STEADY_ALPHA)
    return None if begun is None else read(objective, main, begun, main.frontier)


def _after(trial: Trial, objective: Condition) -> Reading | None:
    main = trial.sides[MAIN]
    if trial.recovered_since is not None and trial.recovered_end is not None:
        return read(objective, main, trial.recovered_since, trial.recovered_end)
    if "recovery" not in trial.ended:
        return None
    end = int(trial.ended["recovery"])
    return read(objective, main, end - LAST_S, end)


def _symptoms(trial: Trial) -> Iterator[SymptomResult]:
    start = trial.phases.get("fault", 0.0)
    for number, symptom in enumerate(trial.symptoms):
        at = trial.seen.get(number)
        after = None if at is None else round(at - start, 1)
        condition = symptom.condition.text if symptom.condition else None
        yield SymptomResult(symptom.line, symptom.text, condition, at is not None, after)


def _steps(trial: Trial, steps: Sequence[StepFacts]) -> Iterator[StepResult]:
    for number, facts in enumerate(steps):
        later = [other.started_s for other in steps[number + 1 :] if other.changed]
        verdict, why = judge_step(facts)
        yield StepResult(facts, verdict, why, tuple(_effects(trial, facts, later[0] if later else math.inf)))


def _effects(trial: Trial, facts: StepFacts, next_change_s: float) -> Iterator[Effect]:
    if not facts.changed:
        return
    main = trial.sides[MAIN]
    start, end = int(facts.started_s), int(facts.started_s + facts.seconds) + 1
    until = int(min(end + EFFECT_S, max(next_change_s, end + 1), main.frontier))
    for slo in trial.slos:
        before = _fraction(slices(slo.objective, main, start - EFFECT_S, start, pessimistic=False))
        after = _fraction(slices(slo.objective, main, end, until, pessimistic=False))
        yield Effect(slo.name, before[0], after[0], _differ(before, after))


def _fraction(counts: Sequence[tuple[int, int]]) -> tuple[float | None, int]:
    n, bad = sum(count for count, _ in counts), sum(hits for _, hits in counts)
    return (bad / n if n else None), n


def _differ(left: tuple[float | None, int], right: tuple[float | None, int]) -> bool:
    """Two proportions further apart than three standard errors (pooled; an indication, not a verdict)."""
    (p, n), (q, m) = left, right
    if p is None or q is None:
        return False
    pooled = (p * n + q * m) / (n + m)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return abs(p - q) > EFFECT_SIGMA * spread if spread else p != q


def _dashboards(trial: Trial) -> Iterator[DashboardResult]:
    for board in trial.header["dashboards"]:
        verdict, why = _dashboard(trial.sides[MAIN], board["system"], board["name"])
        yield DashboardResult(board["line"], board["text"], board["system"], board["name"], verdict, why)


def _dashboard(main: Timeline, system: str, name: str) -> tuple[str, str]:
    if system.casefold() != "prometheus":
        return "not checked", f"{system} is not part of this platform"
    samples = [sum(pods.values()) for _, pods in main.samples(f"family({name})", 0, math.inf)]
    if not samples:
        return "failed", "no pod exports a metric of this name" if main.last_probe_s else "nothing was sampled"
    if len(set(samples)) < 2:
        return "failed", f"the metric stayed at {samples[0]:g} all the time, incident or not"
    return "ok", f"exists and moved between {min(samples):g} and {max(samples):g}"


def _findings(trial: Trial, steps: Sequence[StepResult]) -> Iterator[str]:
    yield from trial.notes
    for step in steps:
        yield from (f"line {step.facts.line}: {note}" for note in step.facts.notes)
        if step.facts.kind == "toggle" and step.verdict == "ok" and _moved_nothing(step):
            yield f"{step.place}: was applied and changed nothing measurable"


def _moved_nothing(step: StepResult) -> bool:
    return bool(step.effects) and not any(effect.moved for effect in step.effects)


def _phases(trial: Trial) -> Iterator[tuple[str, float]]:
    """Where the seconds went."""
    for phase, start in trial.phases.items():
        if phase in trial.ended:
            yield phase, round(trial.ended[phase] - start, 1)
