"""One screen of verdicts for people at a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from harness.verdict.gameday import GamedayResult
from harness.verdict.reading import Reading
from harness.verdict.result import DrillResult, StepResult, SymptomResult, show_reading

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


def to_text(result: GamedayResult, width: int = WIDTH) -> str:
    """The whole result, with a newline at the end. Steps are cut at `width`, everything else is wrapped to it."""
    lines = [line for drill in result.drills for line in [*_drill(drill, width), ""]]
    general = [line for drill in result.drills for line in _steps("general", drill.general, width)]
    lines += [*general, ""] if general else []
    document = [finding.text for finding in result.findings if not finding.runbook]
    lines += [*_labelled("findings", document, width), ""] if document else []
    lines += [f"{result.verdict.value.upper()} in {result.seconds:.0f} s  {result.why}"]
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
    yield from _labelled("times", [_times(drill)], width)
    yield from _labelled("seconds", [" · ".join(f"{phase} {seconds:.1f}" for phase, seconds in drill.phases)], width)
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
    name = max((len(slo.name) for slo in drill.slos), default=4)
    yield f"{'':<{name}}  {'before':>16}  {'during':>16}  {'after':>16}  objective"
    for slo in drill.slos:
        cells = "  ".join(f"{_cell(reading, slo.unit):>16}" for reading in (slo.before, slo.during, slo.after))
        yield f"{slo.name:<{name}}  {cells}  {slo.objective}"


def _cell(reading: Reading | None, unit: str) -> str:
    if reading is None or not reading.n:
        return "no data"
    return f"{show_reading(reading, unit)} (n {reading.n})"


def _times(drill: DrillResult) -> str:
    control = "yes: the twin that nobody answered stayed broken" if drill.controlled else "no"
    return (
        f"detected after {_seconds(drill.detect_s)} · recovered after {_seconds(drill.recover_s)} · "
        f"controlled {control} · undone {'yes' if drill.undone else 'no'}"
    )


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"
