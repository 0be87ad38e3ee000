"""What a drill came to: verdict, reasons and the evidence, computed from what the judge has learnt."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.model import Verdict
from harness.verdict.judge import MAIN, STEADY_ALPHA, TWIN, Slo, Trial
from harness.verdict.reading import Reading, read, slices
from harness.verdict.steps import StepFacts, judge_step

LAST_S = 10
"""Seconds that stand for "after" where the SLOs did not come back."""
EFFECT_S = 5
"""Longest window before and after a step in which its effect is looked for."""
EFFECT_SIGMA = 3.0


@dataclass(frozen=True)
class SloResult:
    """One SLO in each part of the drill; a reading of None: the drill did not get there."""

    name: str
    objective: str
    unit: str
    before: Reading | None
    during: Reading | None
    after: Reading | None
    after_undo: Reading | None
    control: Reading | None


@dataclass(frozen=True)
class SymptomResult:
    """One documented symptom; `seen_after_s` counts from the fault."""

    line: int
    text: str
    condition: str | None
    seen: bool
    seen_after_s: float | None


@dataclass(frozen=True)
class Effect:
    """One SLI before and after a step: bad fractions, and whether they differ by more than chance would explain."""

    slo: str
    before: float | None
    after: float | None
    moved: bool


@dataclass(frozen=True)
class StepResult:
    """One step: what was recorded, what it is worth, and what the SLIs did after it."""

    facts: StepFacts
    verdict: str
    why: str
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class DashboardResult:
    """One dashboard line: `ok`, `failed` or `not checked`."""

    line: int
    text: str
    system: str
    name: str
    verdict: str
    why: str


@dataclass(frozen=True)
class DrillResult:
    """One drill, whole. Times in seconds."""

    runbook: str
    title: str
    line: int
    fault: str
    verdict: Verdict
    why: tuple[str, ...]
    symptoms: tuple[SymptomResult, ...]
    steps: tuple[StepResult, ...]
    general: tuple[StepResult, ...]
    slos: tuple[SloResult, ...]
    dashboards: tuple[DashboardResult, ...]
    controlled: bool
    detect_s: float | None
    recover_s: float | None
    undone: bool
    findings: tuple[str, ...]
    phases: tuple[tuple[str, float], ...]


def drill_result(trial: Trial) -> DrillResult:
    """Everything that the record says of one drill."""
    header = trial.header
    steps = tuple(_steps(trial, [facts for facts in trial.steps if facts.kind != "general"]))
    general = tuple(_steps(trial, [facts for facts in trial.steps if facts.kind == "general"]))
    dashboards = tuple(_dashboards(trial))
    verdict, why = _verdict(trial, steps, dashboards)
    start = trial.phases.get("fault")
    return DrillResult(
        header["runbook"], header["title"], header["line"], header["fault"], verdict, tuple(why), tuple(_symptoms(trial)), steps, general,
        tuple(_slo(trial, slo) for slo in trial.slos), dashboards, bool(trial.controlled),
        None if start is None or not trial.seen else round(min(trial.seen.values()) - start, 1),
        None if start is None or trial.recovered_since is None else round(max(0.0, trial.recovered_since - start), 1),
        bool(trial.undone), tuple(_findings(trial, steps)), tuple(_phases(trial)),
    )  # fmt: skip


def _verdict(trial: Trial, steps: Sequence[StepResult], dashboards: Sequence[DashboardResult]) -> tuple[Verdict, list[str]]:
    if trial.header.get("empty"):
        return Verdict.FAILED, ["the runbook documents no step, so it cannot restore anything; its incident was not made"]
    nothing_learnt = list(_nothing_learnt(trial))
    failures = list(_failures(trial, steps, dashboards))
    if nothing_learnt:
        return Verdict.INCONCLUSIVE, nothing_learnt + failures
    doubts = list(_doubts(trial))
    if failures:
        return Verdict.FAILED, failures + doubts
    if doubts:
        return Verdict.INCONCLUSIVE, doubts
    names = ", ".join(trial.still_broken)
    return Verdict.PASSED, [f"every symptom was seen, every step did its job, the SLOs came back; without the runbook {names} stayed broken"]


def _nothing_learnt(trial: Trial) -> Iterator[str]:
    """Reasons for which neither good nor bad can be said of the runbook."""
    if trial.interrupted:
        yield "interrupted before the end"
    yield from (f"the drill broke: {crash}" for crash in trial.crashes)
    yield from (f"load lost ({name}): {side.load_ended}" for name, side in trial.sides.items() if side.load_ended)
    if trial.header.get("unbound"):
        yield trial.header["unbound"]
        return
    if trial.baseline_since is None:
        if "baseline" in trial.phases:
            yield f"baseline not met: {_unmet(trial, 'baseline')}"
        elif not (trial.interrupted or trial.crashes):
            yield "the drill never reached its baseline"
        return
    yield from (f"line {trial.symptoms[n].line}: symptom `{trial.symptoms[n].text}` was there before the fault" for n in sorted(trial.present_before))
    if not trial.symptoms:
        yield "the runbook documents no symptom: nothing says when it applies"
    yield from _absent(trial)


def _absent(trial: Trial) -> Iterator[str]:
    for number, symptom in enumerate(trial.symptoms):
        if symptom.condition is None:
            yield f"line {symptom.line}: symptom `{symptom.text}` is bound to no condition; bind it in gameday.yaml"
        elif number not in trial.seen:
            yield f"line {symptom.line}: symptom `{symptom.text}` ({symptom.condition.text}) never came"
    if not trial.broken:
        yield "the fault broke no SLO, so there was nothing to restore"


def _failures(trial: Trial, steps: Sequence[StepResult], dashboards: Sequence[DashboardResult]) -> Iterator[str]:
    """Reasons that speak against the runbook."""
    if trial.recovered_since is None and "recovery" in trial.ended:
        yield f"the SLOs did not come back: {_unmet(trial, 'recovery')}"
    if "response" in trial.ended and not any(step.facts.ran for step in steps):
        yield "the runbook has no step that could be run"
    yield from (f"line {step.facts.line}: {_one_line(step.facts.text)}: {step.why}" for step in steps if step.verdict in ("failed", "refused"))
    yield from (f"line {board.line}: {board.text}: {board.why}" for board in dashboards if board.verdict == "failed")


def _doubts(trial: Trial) -> Iterator[str]:
    """Reasons not to believe a good result."""
    yield from (f"line {unread['line']} was not understood, so it was not tested: {unread['why']}" for unread in trial.header.get("unread", ()))
    if trial.recovered_since is not None and trial.controlled is False:
        yield "healed by itself: on the twin that nobody answered the SLOs came back as well, so the runbook gets no credit"
    elif trial.recovered_since is not None and trial.controlled is None:
        yield "not controlled: whether the SLOs would have stayed broken without the runbook could not be decided"
    if trial.undone is not True:
        yield f"the fault was not undone: {trial.undo_why or 'the drill ended before'}"
    elif trial.held_since is None and trial.recovered_since is not None:
        yield f"after the undo the SLOs did not hold: {_unmet(trial, 'after-undo')}"


def _unmet(trial: Trial, phase: str) -> str:
    """Which SLOs were not met at the end of a phase, with their values."""
    begin, words = int(trial.phases.get(phase, 0)) + 1, []
    for name, side in trial.sides.items():
        end = min(side.frontier, int(trial.ended.get(phase, side.frontier)))
        start = max(begin, end - LAST_S) if phase != "baseline" else begin
        if name == TWIN and phase != "baseline":
            continue
        readings = [(slo, read(slo.objective, side, start, end)) for slo in trial.slos]
        words += [f"{_where(name)}{slo.name} {show_value(slo, reading)} (objective {slo.objective.text}, {reading.n} samples)"
                  for slo, reading in readings if not reading.holds]  # fmt: skip
    return "; ".join(words) or "they held too briefly to be believed"


def _where(side: str) -> str:
    return "" if side == MAIN else f"{side}: "


def show_value(slo: Slo, reading: Reading) -> str:
    """A reading in the unit of its objective."""
    return show_reading(reading, slo.objective.unit)


def show_reading(reading: Reading, unit: str) -> str:
    """`412 ms`, `99.7 %`, `none good` (arrivals, and none that was answered well), or `no data`."""
    if reading.value is None and reading.n:
        return "none good"
    return show_number(reading.value, unit)


def show_number(value: float | None, unit: str) -> str:
    """`412 ms`, `99.7 %`, `3`, or `no data`."""
    if value is None:
        return "no data"
    if unit == "ratio":
        return f"{value * 100:.3g} %" if value < 0.995 else f"{value * 100:.4g} %"
    return f"{value:.0f} ms" if unit == "ms" else f"{value:g}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _slo(trial: Trial, slo: Slo) -> SloResult:
    main, twin = trial.sides[MAIN], trial.sides[TWIN]
    objective, fault = slo.objective, trial.start("fault")
    answered = trial.start("response") or main.frontier
    before = after = during = held = control = None
    if trial.baseline_since is not None and trial.baseline_end is not None:
        before = read(objective, main, trial.baseline_since, trial.baseline_end, STEADY_ALPHA)
    elif "baseline" in trial.phases:
        before = read(objective, main, trial.start("baseline") or 0, main.frontier)
    if fault is not None:
        during = read(objective, main, fault, max(answered, fault + 1))
    if trial.recovered_since is not None and trial.recovered_end is not None:
        after = read(objective, main, trial.recovered_since, trial.recovered_end)
        control = read(objective, twin, trial.recovered_since, twin.frontier)
    elif "recovery" in trial.ended:
        end = int(trial.ended["recovery"])
        after = read(objective, main, end - LAST_S, end)
    if trial.held_since is not None and trial.held_end is not None:
        held = read(objective, main, trial.held_since, trial.held_end, STEADY_ALPHA)
    return SloResult(slo.name, objective.text, objective.unit, before, during, after, held, control)


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
    main = trial.sides[MAIN]
    for board in trial.header["dashboards"]:
        values = (board["line"], board["text"], board["system"], board["name"])
        if board["system"].casefold() != "prometheus":
            yield DashboardResult(*values, "not checked", f"{board['system']} is not part of this platform")
            continue
        samples = [sum(pods.values()) for _, pods in main.samples(f"family({board['name']})", 0, math.inf)]
        if not samples:
            looked = "no pod exports a metric of this name" if main.last_probe_s else "nothing was sampled"
            yield DashboardResult(*values, "failed", looked)
        elif len(set(samples)) < 2:
            yield DashboardResult(*values, "failed", f"the metric stayed at {samples[0]:g} all the time, incident or not")
        else:
            yield DashboardResult(*values, "ok", f"exists and moved between {min(samples):g} and {max(samples):g}")


def _findings(trial: Trial, steps: Sequence[StepResult]) -> Iterator[str]:
    yield from trial.notes
    for step in steps:
        yield from (f"line {step.facts.line}: {note}" for note in step.facts.notes)
        if step.facts.kind == "toggle" and step.verdict == "ok" and step.effects and not any(effect.moved for effect in step.effects):
            yield f"line {step.facts.line}: {_one_line(step.facts.text)}: was applied and changed nothing measurable"


def _phases(trial: Trial) -> Iterator[tuple[str, float]]:
    """Where the seconds went."""
    for phase, start in trial.phases.items():
        if phase in trial.ended:
            yield phase, round(trial.ended[phase] - start, 1)
