"""The report format `sarif`: rules, levels and places of what is wrong with a document."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.report.sarif import RULES, to_sarif
from harness.verdict.gameday import Finding, GamedayResult
from tests.support.paths import ROOT
from tests.support.simulated_drill import World, incident, ran
from tests.support.step_facts import GONE, SCALE


def result_of(folder: Path, **parts: object) -> GamedayResult:
    return World(folder, incident, **parts).run()  # type: ignore[arg-type]


def notes(result: GamedayResult) -> list[tuple[str, str, int, str]]:
    """Rule, level, line and text of each result."""
    (run,) = json.loads(to_sarif(result))["runs"]
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == set(RULES)
    return [(each["ruleId"], each["level"], line_of(each), each["message"]["text"]) for each in run["results"]]


def line_of(each: dict[str, Any]) -> int:
    (place,) = each["locations"]
    return int(place["physicalLocation"]["region"]["startLine"])


def test_passed_drill_has_no_results(tmp_path: Path) -> None:
    assert notes(result_of(tmp_path)) == []


def test_failed_step_and_drill_are_errors_at_their_lines(tmp_path: Path) -> None:
    found = notes(result_of(tmp_path, steps=(SCALE, GONE)))
    assert [(rule, level, line) for rule, level, line, _ in found] == [
        ("drill-failed", "error", 1), ("step-failed", "error", GONE.line),
    ]  # fmt: skip
    assert found[0][3].startswith("WEB failed: ")
    assert GONE.text in found[1][3]


def test_symptom_that_did_not_appear_is_a_warning(tmp_path: Path) -> None:
    found = notes(result_of(tmp_path, symptoms=(("errors", "error_rate(gateway) > 99%"),)))
    assert ("drill-inconclusive", "warning", 1) in [each[:3] for each in found]
    assert ("symptom-not-observed", "warning", 10) in [each[:3] for each in found]


def test_finding_is_a_note_at_the_line_that_it_names(tmp_path: Path) -> None:
    result = replace(
        result_of(tmp_path),
        findings=(Finding("", "line 7: not understood"), Finding("WEB", "no line"), Finding("", "no line")),
    )
    assert notes(result) == [("finding", "note", 7, "not understood"), ("finding", "note", 1, "no line")]


def test_outage_is_an_error_at_the_step_that_caused_it(tmp_path: Path) -> None:
    def requests(side: str, responding_s: float | None) -> dict[str, str]:
        return {"tools": "HTTP 504" if side == "treatment" and responding_s is not None and responding_s > 1 else ""}

    found = notes(
        result_of(tmp_path, requests=requests, steps=(SCALE, ran("change", "kubectl set env deployment/web A=1")))
    )
    assert ("outage", "error", 30) in [each[:3] for each in found]


@pytest.mark.parametrize(
    ("document", "uri"),
    [("runbooks/ops book.md", "runbooks/ops%20book.md"), ("/home/ops.md", "file:///home/ops.md")],
)
def test_document_is_a_uri(tmp_path: Path, document: str, uri: str) -> None:
    result = replace(result_of(tmp_path), document=document, findings=(Finding("", "a"),))
    (each,) = json.loads(to_sarif(result))["runs"][0]["results"]
    assert each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_every_rule_is_documented() -> None:
    page = (ROOT / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
    assert [rule for rule in RULES if f"| `{rule}` |" not in page] == []
