"""The report format `text`: one screen of verdicts for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from harness.report.alerts import counts, said, show_alert, show_row
from harness.report.base import ReportFormat
from harness.report.format import (
    MARKS,
    cut,
    one_line,
    printable,
    show_budget,
    show_confidence,
    show_control,
    show_estimate,
    show_evidence,
    show_seconds,
)
from harness.report.response import compared, show_beside, show_command, show_responder
from harness.verdict.gameday import GamedayResult
from harness.verdict.result import DrillResult, PhaseResult, PrometheusAlert, SloResult, StepResult, SymptomResult

WIDTH = 120
_INDENT = 14


def to_text(result: GamedayResult, width: int = WIDTH) -> str:
    """The whole result, with a newline at the end. Steps are cut at `width`, everything else is wrapped to it."""
    lines = [line for drill in result.drills for line in [*_drill(drill, width), ""]]
    general = list(_steps("general", result.general, width))
    lines += [*general, ""] if general else []
    procedures = [f"{counts(result.rows)}", *map(show_row, said(result.rows))] if result.rows else []
    lines += [*_labelled("procedures", procedures, width), ""] if procedures else []
    document = [finding.text for finding in result.findings if not finding.runbook]
    lines += [*_labelled("findings", document, width), ""] if document else []
    verdict = f"{result.verdict.value.upper()} in {result.seconds:.0f} s on the {result.platform} platform"
    lines += [f"{verdict}  {'; '.join(result.why)}"]
    lines += _labelled("cause", [result.cause] if result.cause else [], width)
    return printable("\n".join(lines) + "\n")


def _drill(drill: DrillResult, width: int) -> Iterator[str]:
    yield f"{MARKS[drill.verdict]} {drill.runbook}  {drill.title}  {drill.verdict.value.upper()}"
    yield from _labelled("cause", [drill.cause] if drill.cause else [], width)
    yield from _labelled("why", list(drill.why), width)
    yield from _labelled("fault", [drill.fault], width)
    yield from _labelled("control", [show_control(drill.sequential)] if drill.sequential else [], width)
    yield from _labelled("symptoms", [_symptom(symptom, drill) for symptom in drill.symptoms], width)
    yield from _labelled("alerts", [show_alert(alert) for alert in drill.alerts], width)
    yield from _response(drill, width)
    yield from _steps("steps", drill.steps, width)
    boards = [
        f"{MARKS[board.verdict]} line {board.line:<4} {board.system}: {board.name}: {board.why}"
        for board in drill.dashboards
    ]
    yield from _labelled("dashboards", boards, width)
    yield from _labelled("SLOs", list(_slo_table(drill, width - _INDENT)), width)
    yield from _labelled("confidence", [show_confidence(drill.alpha, len(drill.slos))], width)
    yield from _labelled("budget", list(_budget(drill)), width)
    yield from _labelled("times", [_times(drill)], width)
    yield from _labelled("alerts", [_alert(alert) for alert in drill.prometheus_alerts], width)
    yield from _labelled("phases", [" · ".join(_phase(phase) for phase in drill.phases)], width)
    yield from _labelled("findings", list(drill.findings), width)


def _response(drill: DrillResult, width: int) -> Iterator[str]:
    """What a person or a program did, beside the runbook."""
    response = drill.response
    if response is None:
        return
    rows = [f"{row.what:<40}{row.here:>12}{row.beside:>13}" for row in compared(drill, response)]
    yield from _labelled("responder", [show_responder(response)], width)
    yield from _labelled(
        "beside", [show_beside(response), f"{'':<40}{'this drill':>12}{'the runbook':>13}", *rows], width
    )
    yield from _labelled("commands", [cut(show_command(each), width - _INDENT) for each in response.commands], width)
    yield from _labelled("notes", [f"{each.after_s:.1f} s  {each.by}: {each.text}" for each in response.notes], width)


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


def _symptom(symptom: SymptomResult, drill: DrillResult) -> str:
    """One symptom; `?` where the drill ended before its absence was known."""
    mark = "✓" if symptom.seen else "✗" if drill.waited_for_symptoms else "?"
    return f"{mark} {show_seconds(symptom.seen_after_s):>8}  line {symptom.line:<4} {symptom.text}"


def _steps(label: str, steps: tuple[StepResult, ...], width: int) -> Iterator[str]:
    yield from _labelled(label, [cut(_step(step), width - _INDENT) for step in steps], width)


def _step(step: StepResult) -> str:
    changed = f" [{'; '.join(step.facts.changed)}]" if step.facts.changed and step.verdict != "ok" else ""
    text, why = cut(one_line(step.facts.text), 48), one_line(step.why)
    return f"{MARKS[step.verdict]} line {step.facts.line:<4} {step.facts.kind:<8} {text:<48}  {why}{changed}"


def _slo_table(drill: DrillResult, width: int) -> Iterator[str]:
    """Two lines per SLO: name and values; objective and number of samples. Long names get a line of their own."""
    rows = [row for slo in drill.slos for row in _slo_rows(slo)]
    columns = [("before", "during", "after"), *(cells for _, cells in rows)]
    widths = [max(map(len, column)) + 2 for column in zip(*columns, strict=True)]
    head = max((len(name) for name, _ in rows), default=0) + 2
    wide = head + sum(widths) - 2 > width
    for name, cells in [("", columns[0]), *rows]:
        line = "".join(f"{cell:<{size}}" for cell, size in zip(cells, widths, strict=True)).rstrip()
        if wide:
            yield from (text for text in (name, f"  {line}") if text.strip())
        else:
            yield f"{name:<{head}}{line}".rstrip()


def _slo_rows(slo: SloResult) -> Iterator[tuple[str, tuple[str, ...]]]:
    parts = (slo.before, slo.during, slo.after)
    yield slo.name, tuple(show_estimate(each, slo.unit) for each in parts)
    yield slo.objective, tuple(show_evidence(each) for each in parts)


def _budget(drill: DrillResult) -> Iterator[str]:
    for slo in drill.slos:
        if slo.budget is not None:
            yield f"{slo.name}: {show_budget(slo.budget)}, burn rate {slo.budget.burn_rate:.3g}"


def _alert(alert: PrometheusAlert) -> str:
    """When an alert fired, and when it would have paged a person."""
    fired = f"{alert.priority} {alert.name} fired in Prometheus {alert.after_s:.1f} s after the fault"
    return f"{fired}{'' if alert.delivered_after_s is None else f', at Alertmanager {alert.delivered_after_s:.1f} s'}"


def _times(drill: DrillResult) -> str:
    times = drill.times
    parts = [
        _after("detected", times.detect_s, "began between", times.onset_interval_s),
        _after("recovered", times.recover_s, "between", times.recover_interval_s),
        _control(drill),
        _reverted(drill),
    ]
    return " · ".join(parts)


def _after(what: str, seconds: float | None, word: str, span: tuple[float, float] | None) -> str:
    return f"not seen as {what}" if seconds is None else f"{what} after {show_seconds(seconds)}{_between(word, span)}"


def _control(drill: DrillResult) -> str:
    """What the control shows, with the bound on the probability that the incident ended by itself."""
    if drill.credit is None or not drill.controlled:
        return "control not shown to stay broken"
    return f"control stayed broken for {drill.credit.control_age_s:.0f} s (self-healing: p ≤ {drill.credit.alpha:.2g})"


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
