"""One screen of verdicts for people at a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from harness.verdict.gameday import GamedayResult
from harness.verdict.measurement import Reading
from harness.verdict.result import (
    DrillResult,
    PhaseResult,
    StepResult,
    SymptomResult,
    show_evidence,
    show_interval,
    show_reading,
)

MARKS = {
    "ok": "✓",
    "passed": "✓",
    "failed": "✗",
    "refused": "✗",
    "manual": "·",
    "skipped": "·",
    "not checked": "·",
    "inconclusive": "?",
}
WIDTH = 120
_INDENT = 12
_CELL = 24


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
    yield from _labelled("look at", boards, width)
    yield from _labelled("SLOs", list(_slo_table(drill)), width)
    yield from _labelled("error", [_error(drill)], width)
    yield from _labelled("spent", list(_budget(drill)), width)
    yield from _labelled("times", [_times(drill)], width)
    yield from _labelled("seconds", [" · ".join(_phase(phase) for phase in drill.phases)], width)
    yield from _labelled("findings", list(drill.findings), width)


def _labelled(label: str, lines: list[str], width: int) -> Iterator[str]:
    """Lines beside a label; a long one goes on below, indented."""
    for number, line in enumerate(lines):
        head = f"  {label if number == 0 else '':<{_INDENT - 2}}"
        if len(line) <= width - _INDENT:
            yield head + line
        else:
            yield from textwrap.wrap(
                line, width, initial_indent=head, subsequent_indent=" " * (_INDENT + 2), break_on_hyphens=False
            )


def _symptom(symptom: SymptomResult) -> str:
    return f"{'✓' if symptom.seen else '✗'} {_seconds(symptom.seen_after_s):>7}  line {symptom.line:<4} {symptom.text}"


def _steps(label: str, steps: tuple[StepResult, ...], width: int) -> Iterator[str]:
    yield from _labelled(label, [_cut(_step(step), width - _INDENT) for step in steps], width)


def _step(step: StepResult) -> str:
    changed = f" [{'; '.join(step.facts.changed)}]" if step.facts.changed and step.verdict != "ok" else ""
    text, why = _cut(" ".join(step.facts.text.split()), 48), " ".join(step.why.split())
    return f"{MARKS[step.verdict]} line {step.facts.line:<4} {step.facts.kind:<8} {text:<48}  {why}{changed}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _slo_table(drill: DrillResult) -> Iterator[str]:
    """Two lines an SLO: its name and values, below its objective and how much evidence there was."""
    name = max((len(text) for slo in drill.slos for text in (slo.name, slo.objective)), default=4) + 2
    yield f"{'':<{name}}{'before':<{_CELL}}{'during':<{_CELL}}after"
    for slo in drill.slos:
        readings = (slo.before, slo.during, slo.after)
        yield f"{slo.name:<{name}}{''.join(f'{_value(each, slo.unit):<{_CELL}}' for each in readings)}".rstrip()
        yield f"{slo.objective:<{name}}{''.join(f'{_evidence(each):<{_CELL}}' for each in readings)}".rstrip()


def _value(reading: Reading | None, unit: str) -> str:
    if reading is None or not reading.n:
        return "no data"
    return f"{show_reading(reading, unit)} {show_interval(reading, unit)}"


def _evidence(reading: Reading | None) -> str:
    return "" if reading is None or not reading.n else show_evidence(reading)


def _error(drill: DrillResult) -> str:
    """α, and how the SLOs share it."""
    shared = f", shared by {len(drill.slos)} SLOs where one of them is called broken" if len(drill.slos) > 1 else ""
    return f"α = {drill.alpha:.0%} for a wrong verdict{shared}; intervals hold at any moment"


def _budget(drill: DrillResult) -> Iterator[str]:
    for slo in drill.slos:
        if slo.budget is not None:
            days = slo.budget.window_s / 86400
            spent = f"{slo.budget.spent * 100:.2g} % of {days:g} days' error budget"
            yield f"{slo.name}: {spent}, burn rate {slo.budget.burn_rate:.3g}"


def _times(drill: DrillResult) -> str:
    control = "yes: the control that nobody answered stayed broken" if drill.controlled else "no"
    times = drill.times
    return (
        f"detected after {_seconds(times.detect_s)}{_between('began between', times.onset_interval_s)} · "
        f"recovered after {_seconds(times.recover_s)}{_between('between', times.recover_interval_s)} · "
        f"controlled {control} · reverted {'yes' if drill.reverted else 'no'}"
    )


def _between(word: str, span: tuple[float, float] | None) -> str:
    return "" if span is None else f" ({word} {span[0]:.1f} and {span[1]:.1f} s)"


def _phase(phase: PhaseResult) -> str:
    """What it cost, and its answer where it had a question."""
    mark = {True: " ✓", False: " ✗", None: " ?"}[phase.answer] if phase.asked else ""
    return f"{phase.phase} {phase.seconds:.1f}{mark}"


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"
