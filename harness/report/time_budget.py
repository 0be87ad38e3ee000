"""Where each second of a drill went: by phase, by step of the response, and what no phase accounts for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.report.format import cut, one_line
from harness.verdict.gameday import GamedayResult
from harness.verdict.result import DrillResult, PhaseResult, StepResult

_WIDTH = 90
_SHORTEST_S = 0.05
"""What is shorter than the last digit that is shown has no row of its own."""
_WHAT = {
    "control-prepare": "starts the platform for the control",
    "control-baseline": "waits until every SLO holds on the control",
    "control-fault": "applies the fault on the control",
    "control-incident": "observes the control, on which nothing is done",
    "control-revert": "reverts the fault on the control",
    "prepare": "starts the platforms",
    "baseline": "waits until every SLO holds on both sides",
    "fault": "applies the fault",
    "symptoms": "waits for every documented symptom",
    "response": "executes the steps",
    "recovery": "waits until the SLOs hold for long enough",
    "control": "waits until the control shows what happens without the runbook",
    "general": "executes the general commands",
    "after-revert": "reverts the fault and waits until the SLOs hold",
}


@dataclass(frozen=True)
class Spent:
    """One row: an activity, its seconds, its share of the drill, and for a phase what was counted and decided."""

    what: str
    seconds: float
    percent: float
    phase: PhaseResult | None = None
    """None: a part of the phase above."""
    about: str = ""


def spent_in(drill: DrillResult) -> list[Spent]:
    """The phases of a drill in order, the steps within theirs; the seconds of the phases are those of the drill."""
    whole = sum(phase.seconds for phase in drill.phases)
    return list(_rows(drill, whole)) if whole else []


def _rows(drill: DrillResult, whole: float) -> Iterator[Spent]:
    steps = {"response": drill.steps, "general": drill.general}
    for phase in drill.phases:
        about = _WHAT.get(phase.phase, "")
        yield Spent(phase.phase, phase.seconds, 100 * phase.seconds / whole, phase, about)
        yield from _parts(phase, steps.get(phase.phase, ()), whole)


def _parts(phase: PhaseResult, steps: Sequence[StepResult], whole: float) -> Iterator[Spent]:
    """The steps that took time, and what the phase spent beside them."""
    long = [step for step in steps if step.facts.seconds >= _SHORTEST_S]
    for step in long:
        text = f"line {step.facts.line}: {cut(one_line(step.facts.text), _WIDTH)}"
        yield Spent(text, step.facts.seconds, 100 * step.facts.seconds / whole)
    rest = phase.seconds - sum(step.facts.seconds for step in long)
    if long and rest >= _SHORTEST_S:
        yield Spent("between the steps: the state of the platform is read, pods become ready", rest, 100 * rest / whole)


def outside_phases_s(result: GamedayResult) -> float:
    """The seconds of a run in which no drill was in a phase: before, between and after the drills."""
    spans = sorted(
        (drill.charts.zero_s + phase.begin_s, drill.charts.zero_s + phase.end_s)
        for drill in result.drills
        for phase in drill.charts.phases
    )
    covered, until = 0.0, 0.0
    for begin, end in spans:
        covered += max(0.0, end - max(begin, until))
        until = max(until, end)
    return max(0.0, result.seconds - covered)
