"""`summary.md`: the result for a pull request, a job's summary or a wiki; the evidence of what passed is folded."""

from __future__ import annotations

from collections.abc import Iterator

from harness.model import Verdict
from harness.report.text import MARKS
from harness.verdict.gameday import Finding, GamedayResult
from harness.verdict.measurement import Reading
from harness.verdict.result import (
    DrillResult,
    SloResult,
    StepResult,
    Times,
    show_evidence,
    show_interval,
    show_reading,
)

SIGNS = {Verdict.PASSED: "✅", Verdict.FAILED: "❌", Verdict.INCONCLUSIVE: "❔"}


def to_markdown(result: GamedayResult) -> str:
    """The whole result as GitHub-flavoured Markdown."""
    lines = [
        f"# Gameday: {result.verdict.value}",
        "",
        f"`{result.document}`, {result.platform} platform, {result.seconds:.0f} s. {_escape('; '.join(result.why))}",
        "",
    ]
    lines += ["| runbook | verdict | detected | recovered | controlled | why |", "|---|---|---|---|---|---|"]
    lines += [_row(drill) for drill in result.drills]
    for drill in result.drills:
        lines += ["", *_drill(drill)]
    if result.findings:
        lines += ["", "## Findings", "", *(_finding(finding) for finding in result.findings)]
    return "\n".join(lines) + "\n"


def _finding(finding: Finding) -> str:
    return f"- {finding.runbook + ': ' if finding.runbook else ''}{_escape(finding.text)}"


def _row(drill: DrillResult) -> str:
    times = [_seconds(drill.times.detect_s), _recovered(drill.times), "yes" if drill.controlled else "no"]
    verdict = f"{SIGNS[drill.verdict]} {drill.verdict.value}"
    return f"| {drill.runbook} | {verdict} | {' | '.join(times)} | {_escape('; '.join(drill.why))} |"


def _drill(drill: DrillResult) -> Iterator[str]:
    yield f"## {drill.runbook}: {drill.title}"
    yield ""
    yield f"Fault: {_escape(drill.fault)}"
    yield ""
    yield from (f"<details{'' if drill.verdict is Verdict.PASSED else ' open'}>", "<summary>evidence</summary>", "")
    yield from _evidence(drill)
    yield from ("", "</details>")


def _evidence(drill: DrillResult) -> Iterator[str]:
    yield from ("| symptom | line | condition | seen after |", "|---|---|---|---|")
    for symptom in drill.symptoms:
        condition, seen = _code(symptom.condition or "unbound"), _seconds(symptom.seen_after_s)
        yield f"| {_escape(symptom.text)} | {symptom.line} | {condition} | {seen} |"
    yield ""
    yield from ("| | line | step | what came of it |", "|---|---|---|---|")
    yield from (_step(step) for step in drill.steps)
    yield ""
    yield from ("| SLO | before | during | after | objective | budget spent |", "|---|---|---|---|---|---|")
    for slo in drill.slos:
        values = " | ".join(_cell(reading, slo.unit) for reading in (slo.before, slo.during, slo.after))
        yield f"| {slo.name} | {values} | {_code(slo.objective)} | {_spent(slo)} |"
    yield ""
    yield f"Intervals hold at any moment; a wrong verdict has a chance of {drill.alpha:.0%}, shared by the SLOs."
    yield ""
    yield from ("| phase | seconds | arrivals | answer |", "|---|---|---|---|")
    for phase in drill.phases:
        answer = {True: "yes", False: "no", None: "undecided"}[phase.answer] if phase.asked else ""
        yield f"| {phase.phase} | {phase.seconds:.1f} | {phase.arrivals} | {answer} |"


def _spent(slo: SloResult) -> str:
    if slo.budget is None:
        return ""
    return (
        f"{slo.budget.spent * 100:.2g} % of {slo.budget.window_s / 86400:g} days (burn rate {slo.budget.burn_rate:.3g})"
    )


def _step(step: StepResult) -> str:
    facts = step.facts
    came_of_it = _escape(step.why)
    return f"| {MARKS[step.verdict]} | {facts.line} | {_code(facts.text)} | {came_of_it} |"


def _cell(reading: Reading | None, unit: str) -> str:
    if reading is None or not reading.n:
        return "no data"
    return f"{show_reading(reading, unit)} {show_interval(reading, unit)} {show_evidence(reading)}"


def _recovered(times: Times) -> str:
    span = times.recover_interval_s
    return _seconds(times.recover_s) + ("" if span is None else f" [{span[0]:.1f}, {span[1]:.1f}]")


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"


def _escape(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _code(text: str) -> str:
    """As code; text that holds a backtick stands between two of them."""
    plain = " ".join(text.split()).replace("|", "\\|")
    return f"`` {plain} ``" if "`" in plain else f"`{plain}`"
