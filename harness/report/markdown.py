"""The report format `markdown`, for a pull request, a job summary or a wiki; evidence of passed drills is folded."""

from __future__ import annotations

from collections.abc import Iterator

from harness.report.alerts import CLOCKS, clock, counts, level, reasons, said
from harness.report.base import ReportFormat
from harness.report.format import (
    MARKS,
    SIGNS,
    printable,
    show_budget,
    show_confidence,
    show_control,
    show_estimate,
    show_evidence,
    show_seconds,
)
from harness.report.markdown_text import code, escape
from harness.report.response import compared, show_beside, show_end, show_responder
from harness.verdict.gameday import Finding, GamedayResult
from harness.verdict.measurement import Measurement
from harness.verdict.procedures import RowResult
from harness.verdict.response import ResponseResult
from harness.verdict.result import DrillResult, SloResult, StepResult, Times, Verdict


def to_markdown(result: GamedayResult) -> str:
    """The whole result as GitHub-flavoured Markdown."""
    where = f"{code(result.document)}, {escape(result.platform)} platform, {result.seconds:.0f} s"
    lines = [f"# Gameday: {result.verdict.value}", "", f"{where}. {escape('; '.join(result.why))}", ""]
    lines += [f"**Cause:** {escape(result.cause)}", ""] if result.cause else []
    lines += ["| runbook | verdict | detected | recovered | controlled | why |", "|---|---|---|---|---|---|"]
    lines += [_row(drill) for drill in result.drills]
    for drill in result.drills:
        lines += ["", *_drill(drill)]
    lines += [*_alerts(result)]
    if result.findings:
        lines += ["", "## Findings", "", *(_finding(finding) for finding in result.findings)]
    return printable("\n".join(lines) + "\n")


def _alerts(result: GamedayResult) -> Iterator[str]:
    """The alerts of all drills with their clocks, then the rows of the document's procedures."""
    alerts = [(drill.runbook, alert) for drill in result.drills for alert in drill.alerts]
    if not alerts:
        return
    yield from ("", "## Alerts", "", "Times are seconds from the alert on.", "")
    yield f"| runbook | priority | raised | {' | '.join(CLOCKS)} | level | alert |"
    yield f"|---|---|---|{'---|' * (len(CLOCKS) + 2)}"
    for runbook, alert in alerts:
        clocks = " | ".join(clock(alert, action) for action in CLOCKS)
        raised = f"{alert.raised_s:.1f} s after the fault"
        cells = (escape(runbook), escape(alert.priority), raised, clocks, f"{level(alert)}", escape(alert.text))
        yield f"| {' | '.join(cells)} |"
    if result.rows:
        yield from ("", "## Alert and escalation procedures", "", f"{counts(result.rows)}.", "")
        yield from ("| | line | row | outcome |", "|---|---|---|---|")
        yield from map(_procedure, said(result.rows))


def _procedure(row: RowResult) -> str:
    return f"| {MARKS[row.verdict]} {row.verdict} | {row.row.line} | {escape(row.row.text)} | {escape(reasons(row))} |"


def _finding(finding: Finding) -> str:
    where = f"{finding.runbook}: " if finding.runbook else ""
    return f"- {escape(where + finding.text)}"


def _row(drill: DrillResult) -> str:
    times = [show_seconds(drill.times.detect_s), _recovered(drill.times), "yes" if drill.controlled else "no"]
    verdict = f"{SIGNS[drill.verdict]} {drill.verdict.value}"
    why = drill.cause or "; ".join(drill.why)
    return f"| {escape(drill.runbook)} | {verdict} | {' | '.join(times)} | {escape(why)} |"


def _drill(drill: DrillResult) -> Iterator[str]:
    yield f"## {escape(drill.runbook)}: {escape(drill.title)}"
    yield ""
    yield f"Fault: {escape(drill.fault)}"
    yield ""
    yield from (f"Control: {escape(show_control(drill.sequential))}", "") if drill.sequential else ()
    yield from _response(drill, drill.response) if drill.response else ()
    yield from (f"<details{'' if drill.verdict is Verdict.PASSED else ' open'}>", "<summary>evidence</summary>", "")
    yield from ([*(f"- {escape(why)}" for why in drill.why), ""] if drill.cause else [])
    yield from _evidence(drill)
    yield from ("", "</details>")


def _response(drill: DrillResult, response: ResponseResult) -> Iterator[str]:
    """What a person or a program did, beside the runbook."""
    yield from (
        f"Responder: {escape(show_responder(response))}",
        "",
        f"The runbook as written: {escape(show_beside(response))}",
        "",
    )
    yield from ("| | this drill | the runbook |", "|---|---|---|")
    yield from (f"| {row.what} | {row.here} | {row.beside} |" for row in compared(drill, response))
    yield ""
    if response.commands:
        yield from ("| after | line | command | outcome |", "|---|---|---|---|")
        for each in response.commands:
            line = "" if each.line is None else f"{each.line}"
            yield f"| {each.after_s:.1f} s | {line} | {code(each.command)} | {escape(show_end(each))} |"
        yield ""
    for note in response.notes:
        yield from (f"> {note.after_s:.1f} s, {escape(note.by)}: {escape(note.text)}", "")


def _evidence(drill: DrillResult) -> Iterator[str]:
    yield from ("| symptom | line | condition | seen after |", "|---|---|---|---|")
    for symptom in drill.symptoms:
        condition, seen = code(symptom.condition or "unbound"), show_seconds(symptom.seen_after_s)
        yield f"| {escape(symptom.text)} | {symptom.line} | {condition} | {seen} |"
    yield ""
    yield from ("| | line | step | outcome |", "|---|---|---|---|")
    yield from (_step(step) for step in drill.steps)
    yield ""
    yield from ("| SLO | before | during | after | objective | budget spent |", "|---|---|---|---|---|---|")
    for slo in drill.slos:
        values = " | ".join(_cell(measurement, slo.unit) for measurement in (slo.before, slo.during, slo.after))
        yield f"| {escape(slo.name)} | {values} | {code(slo.objective)} | {_spent(slo)} |"
    yield ""
    yield f"Confidence {show_confidence(drill.alpha, len(drill.slos))}."
    yield ""
    yield from ("| phase | seconds | arrivals | decision |", "|---|---|---|---|")
    for phase in drill.phases:
        decision = {True: "yes", False: "no", None: "undecided"}[phase.answer] if phase.asked else ""
        yield f"| {phase.phase} | {phase.seconds:.1f} | {phase.arrivals} | {decision} |"


def _spent(slo: SloResult) -> str:
    if slo.budget is None:
        return ""
    return f"{show_budget(slo.budget)} (burn rate {slo.budget.burn_rate:.3g})"


def _step(step: StepResult) -> str:
    facts = step.facts
    return f"| {MARKS[step.verdict]} | {facts.line} | {code(facts.text)} | {escape(step.why)} |"


def _cell(measurement: Measurement | None, unit: str) -> str:
    return f"{show_estimate(measurement, unit)} {show_evidence(measurement)}".rstrip()


def _recovered(times: Times) -> str:
    span = times.recover_interval_s
    return show_seconds(times.recover_s) + ("" if span is None else f" [{span[0]:.1f}, {span[1]:.1f}]")


FORMAT = ReportFormat("markdown", "summary.md", to_markdown)
