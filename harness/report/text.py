"""One screen of verdicts for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from harness.verdict.gameday import GamedayResult
from harness.verdict.reading import Reading
from harness.verdict.result import DrillResult, StepResult, show_reading

MARKS = {"ok": "✓", "passed": "✓", "failed": "✗", "refused": "✗", "manual": "·", "skipped": "·", "not checked": "·", "inconclusive": "?"}
_WIDTH = 118


def to_text(result: GamedayResult) -> str:
    """The whole result, with a newline at the end."""
    lines = [line for drill in result.drills for line in [*_drill(drill), ""]]
    general = [line for drill in result.drills for line in _steps("general", drill.general)]
    lines += [*general, ""] if general else []
    document = [finding.text for finding in result.findings if not finding.runbook]
    lines += [*_labelled("findings", document), ""] if document else []
    lines += [f"{result.verdict.value.upper()} in {result.seconds:.0f} s  {result.why}"]
    return "\n".join(lines) + "\n"


def _drill(drill: DrillResult) -> Iterator[str]:
    yield f"{MARKS[drill.verdict]} {drill.runbook}  {drill.title}  {drill.verdict.value.upper()}"
    yield from _labelled("why", list(drill.why))
    yield from _labelled("fault", [drill.fault])
    yield from _labelled("symptoms", [f"{'✓' if s.seen else '✗'} {_seconds(s.seen_after_s)}  line {s.line:<4} {s.text}" for s in drill.symptoms])
    yield from _steps("steps", drill.steps)
    boards = [f"{MARKS[board.verdict]} line {board.line:<4} {board.system}: {board.name}: {board.why}" for board in drill.dashboards]
    yield from _labelled("look at", boards)
    yield from _labelled("SLOs", list(_slo_table(drill)))
    yield from _labelled("times", [_times(drill)])
    yield from _labelled("seconds", [" · ".join(f"{phase} {seconds:.1f}" for phase, seconds in drill.phases)])
    yield from _labelled("findings", list(drill.findings))


def _labelled(label: str, lines: list[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"  {label if number == 0 else '':<9} {_short(line)}"


def _steps(label: str, steps: tuple[StepResult, ...]) -> Iterator[str]:
    yield from _labelled(label, [_step(step) for step in steps])


def _step(step: StepResult) -> str:
    text = " ".join(step.facts.text.split())
    shown = text if len(text) <= 48 else text[:47] + "…"
    changed = f" [{'; '.join(step.facts.changed)}]" if step.facts.changed and step.verdict != "ok" else ""
    return f"{MARKS[step.verdict]} line {step.facts.line:<4} {step.facts.kind:<8} {shown:<48}  {' '.join(step.why.split())}{changed}"


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


def _short(line: str) -> str:
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"
