"""The report format `text`: one screen of verdicts for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from harness.report.base import ReportFormat
from harness.report.format import (
    MARKS,
    cut,
    one_line,
    show_budget,
    show_confidence,
    show_estimate,
    show_evidence,
    show_seconds,
)
from harness.verdict.gameday import GamedayResult
from harness.verdict.result import DrillResult, PhaseResult, StepResult, SymptomResult

WIDTH = 120
_INDENT = 14
_CELL = 26


def to_text(result: GamedayResult, width: int = WIDTH) -> str:
    """The whole result, with a newline at the end. Steps are cut at `width`, everything else is wrapped to it."""
    lines = [line for drill in result.drills for line in [*_drill(drill, width), ""]]
    general = [line for drill in result.drills for line in _steps("general", drill.general, width)]
    lines += [*general, ""] if general else []
    document = [finding.text for finding in result.findings if not finding.runbook]
    lines += [*_labelled("findings", document, width), ""] if document else []
    verdict = f"{result.verdict.value.upper()} in {result.seconds:.0f} s on the {result.platform} platform"
    lines += [f"{verdict}  {'; '.join(result.why)}"]
    return "\n".join(lines) + "\n"


def _drill(drill: DrillResult, width: int) -> Iterator[str]:
    yield f"{MARKS[drill.verdict]} {drill.runbook}  {drill.title}  {drill.verdict.value.upper()}"
    yield from _labelled("why", list(drill.why), width)
    yield from _labelled("fault", [drill.fault], width)
    yield from _labelled("symptoms", [_symptom(symptom) for symptom in drill.symptoms], width)
    yield from _steps("steps", drill.steps, width)
    boards = [
        f"{MARKS[board.verdict]} line {board.line:<4} {board.system}: {board.name}: {board.why}"
        for board in drill.dashboards
    ]
    yield from _labelled("dashboards", boards, width)
    yield from _labelled("SLOs", list(_slo_table(drill)), width)
    yield from _labelled("confidence", [show_confidence(drill.alpha, len(drill.slos))], width)
    yield from _labelled("budget", list(_budget(drill)), width)
    yield from _labelled("times", [_times(drill)], width)
    yield from _labelled("phases", [" · ".join(_phase(phase) for phase in drill.phases)], width)
    yield from _labelled("findings", list(drill.findings), width)


def _labelled(label: str, lines: list[str], width: int) -> Iterator[str]:
    """Lines behind a label; a long line is wrapped and indented."""
    for number, line in enumerate(lines):
        head = f"  {label if number == 0 else '':<{_INDENT - 2}}"
        if len(line) <= width - _INDENT:
            yield head + line
        else:
            yield from textwrap.wrap(
                line, width, initial_indent=head, subsequent_indent=" " * (_INDENT + 2), break_on_hyphens=False
            )


def _symptom(symptom: SymptomResult) -> str:
    return (
        f"{'✓' if symptom.seen else '✗'} {show_seconds(symptom.seen_after_s):>7}  line {symptom.line:<4} {symptom.text}"
    )


def _steps(label: str, steps: tuple[StepResult, ...], width: int) -> Iterator[str]:
    yield from _labelled(label, [cut(_step(step), width - _INDENT) for step in steps], width)


def _step(step: StepResult) -> str:
    changed = f" [{'; '.join(step.facts.changed)}]" if step.facts.changed and step.verdict != "ok" else ""
    text, why = cut(one_line(step.facts.text), 48), one_line(step.why)
    return f"{MARKS[step.verdict]} line {step.facts.line:<4} {step.facts.kind:<8} {text:<48}  {why}{changed}"


def _slo_table(drill: DrillResult) -> Iterator[str]:
    """Two lines per SLO: name and values; objective and number of samples."""
    name = max((len(text) for slo in drill.slos for text in (slo.name, slo.objective)), default=4) + 2
    yield f"{'':<{name}}{'before':<{_CELL}}{'during':<{_CELL}}after"
    for slo in drill.slos:
        parts = (slo.before, slo.during, slo.after)
        estimates = "".join(f"{show_estimate(each, slo.unit):<{_CELL - 1}} " for each in parts)
        yield f"{slo.name:<{name}}{estimates}".rstrip()
        yield f"{slo.objective:<{name}}{''.join(f'{show_evidence(each):<{_CELL}}' for each in parts)}".rstrip()


def _budget(drill: DrillResult) -> Iterator[str]:
    for slo in drill.slos:
        if slo.budget is not None:
            yield f"{slo.name}: {show_budget(slo.budget)}, burn rate {slo.budget.burn_rate:.3g}"


def _times(drill: DrillResult) -> str:
    times = drill.times
    parts = [
        f"detected after {show_seconds(times.detect_s)}{_between('began between', times.onset_interval_s)}",
        f"recovered after {show_seconds(times.recover_s)}{_between('between', times.recover_interval_s)}",
        "control stayed broken" if drill.controlled else "control not shown to stay broken",
        _reverted(drill),
    ]
    return " · ".join(parts)


def _reverted(drill: DrillResult) -> str:
    if drill.reverted and drill.control_reverted:
        return "reverted on both sides"
    sides = [name for name, done in (("treatment", drill.reverted), ("control", drill.control_reverted)) if done]
    return f"reverted on the {sides[0]} only" if sides else "not reverted"


def _between(word: str, span: tuple[float, float] | None) -> str:
    return "" if span is None else f" ({word} {span[0]:.1f} and {span[1]:.1f} s)"


def _phase(phase: PhaseResult) -> str:
    """Duration of a phase in seconds, and its decision where one was to be made."""
    mark = {True: " ✓", False: " ✗", None: " ?"}[phase.answer] if phase.asked else ""
    return f"{phase.phase} {phase.seconds:.1f}{mark}"


FORMAT = ReportFormat("text", None, to_text)
