"""The paper `incident-report`: what happened and when, from the record; blank fields where only a person knows."""

from __future__ import annotations

from collections.abc import Iterator

from harness.postmortem.base import Incident, Paper
from harness.postmortem.procedures import asked_for
from harness.postmortem.timeline import UNKNOWN, moments
from harness.report.format import printable, show_budget, show_estimate, show_evidence
from harness.report.markdown_text import code, quoted
from harness.verdict.result import DrillResult, SloResult

_PEOPLE = (
    "Incident commander",
    "Who acknowledged, and how they were reached",
    "Who was informed, and when",
    "Severity",
)


def _render(incident: Incident) -> str:
    return printable("\n".join(_lines(incident)) + "\n")


def _lines(incident: Incident) -> Iterator[str]:
    result = incident.result
    yield from ("# Incident report", "")
    yield f"Drill of {quoted(result.document)} on the platform {quoted(result.platform)}: **{result.verdict.value}**."
    yield ""
    yield from asked_for(result, PAPER.procedure)
    for drill in result.drills:
        yield from _drill(drill)
    yield from ("## For people to fill in", "")
    yield from (f"- {field}: {UNKNOWN}" for field in _PEOPLE)


def _drill(drill: DrillResult) -> Iterator[str]:
    yield from (f"## {quoted(drill.runbook)}: {drill.verdict.value}", "")
    if drill.cause:
        yield from (f"Cause of the verdict: {quoted(drill.cause)}", "")
    yield from ("| | time (UTC) | after the fault | evidence |", "|---|---|---|---|")
    for moment in moments(drill):
        after = UNKNOWN if moment.since_fault_s is None else f"{moment.since_fault_s:.1f} s"
        yield f"| {moment.what} | {moment.clock} | {after} | {moment.evidence} |"
    yield ""
    yield from ("| symptom | line | observed after |", "|---|---|---|")
    for symptom in drill.symptoms:
        seen = "not observed" if symptom.seen_after_s is None else f"{symptom.seen_after_s:.1f} s"
        yield f"| {code(symptom.text)} | {symptom.line} | {seen} |"
    yield ""
    yield from ("| SLO | objective | before | during | after | error budget |", "|---|---|---|---|---|---|")
    yield from map(_slo, drill.slos)
    yield ""


def _slo(slo: SloResult) -> str:
    parts = (slo.before, slo.during, slo.after)
    values = " | ".join(f"{show_estimate(part, slo.unit)} {show_evidence(part)}".rstrip() for part in parts)
    spent = show_budget(slo.budget) if slo.budget else ""
    return f"| {code(slo.name)} | {code(slo.objective)} | {values} | {spent} |"


PAPER = Paper("incident-report", "incident-report.md", r"incident report|timeline", _render)
