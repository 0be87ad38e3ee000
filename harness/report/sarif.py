"""The report format `sarif`: what is wrong with the document, by file and line, for code hosts (SARIF 2.1.0)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, TypeAlias
from urllib.parse import quote

from harness.report.base import ReportFormat
from harness.report.format import as_json, one_line
from harness.verdict.gameday import NEVER_STARTED, GamedayResult
from harness.verdict.result import DrillResult, Verdict
from harness.verdict.scope import what

Level = Literal["error", "warning", "note"]
Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
RULES: dict[str, str] = {
    "drill-failed": "The runbook did not restore the service, or did harm.",
    "drill-inconclusive": "It is not known whether the runbook restores the service.",
    "symptom-not-observed": "The documented symptom did not appear in the incident.",
    "step-failed": "The step failed, was refused or changed nothing.",
    "dashboard-failed": "The dashboard names something that does not exist or did not change.",
    "outage": "The response took away something that the incident does not concern.",
    "finding": "An observation that has no influence on the verdict.",
}
"""By id of the rule, its description."""
_LINE = re.compile(r"line (\d{1,9}): (.*)", re.DOTALL)


@dataclass(frozen=True)
class Note:
    """One result of SARIF: a rule, its place in the document, and the fact."""

    rule: str
    level: Level
    line: int
    text: str


def to_sarif(result: GamedayResult) -> str:
    """What is wrong with the document as SARIF 2.1.0, with a newline at the end."""
    rules: list[Json] = [{"id": rule, "shortDescription": {"text": text}} for rule, text in RULES.items()]
    driver: dict[str, Json] = {"name": "runbook gameday", "rules": rules}
    uri = uri_of(result.document)
    results: list[Json] = [_result(note, uri) for note in dict.fromkeys(_notes(result))]
    run: dict[str, Json] = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return as_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _result(note: Note, uri: str) -> Json:
    place: dict[str, Json] = {"artifactLocation": {"uri": uri}, "region": {"startLine": max(1, note.line)}}
    return {
        "ruleId": note.rule,
        "level": note.level,
        "message": {"text": note.text},
        "locations": [{"physicalLocation": place}],
    }


def _notes(result: GamedayResult) -> Iterator[Note]:
    for drill in result.drills:
        yield from _of_drill(drill)
    for runbook in result.never_began:
        yield Note("drill-inconclusive", "warning", 1, f"{runbook}: {NEVER_STARTED}")
    for finding in result.findings:
        yield _finding(finding.text)


def _of_drill(drill: DrillResult) -> Iterator[Note]:
    """The verdict at the runbook's heading, then what led to it at its own line."""
    if drill.verdict is Verdict.FAILED:
        yield Note("drill-failed", "error", drill.line, f"{drill.runbook} failed: {drill.cause}")
    if drill.verdict is Verdict.INCONCLUSIVE:
        yield Note("drill-inconclusive", "warning", drill.line, f"{drill.runbook} is inconclusive: {drill.cause}")
    for symptom in drill.symptoms:
        if drill.waited_for_symptoms and not symptom.seen and symptom.condition:
            fact = f"symptom `{symptom.text}` did not appear: {symptom.condition}"
            yield Note("symptom-not-observed", "warning", symptom.line, fact)
    for step in drill.steps:
        if step.verdict in ("failed", "refused"):
            yield Note("step-failed", "error", step.facts.line, f"`{one_line(step.facts.text)}`: {step.why}")
    for board in drill.dashboards:
        if board.verdict == "failed":
            yield Note("dashboard-failed", "error", board.line, board.why)
    for outage in drill.outages:
        yield Note("outage", "error", outage.line or drill.line, what(outage))


def _finding(text: str) -> Note:
    """A finding at the line that it names at its begin; else at the first line."""
    match = _LINE.fullmatch(text)
    return Note("finding", "note", int(match[1]), match[2]) if match else Note("finding", "note", 1, text)


def uri_of(document: str) -> str:
    """The document as a URI: relative to the working directory, or absolute."""
    path = PurePosixPath(document)
    return path.as_uri() if path.is_absolute() else quote(str(path))


FORMAT = ReportFormat("sarif", "findings.sarif", to_sarif)
