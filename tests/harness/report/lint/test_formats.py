"""The formats of findings."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree as Xml

from harness.lint.base import Finding, Severity
from harness.lint.page import Place
from harness.lint.registry import all_rules
from harness.report.lint.github import to_github
from harness.report.lint.junit import to_junit
from harness.report.lint.markdown import to_markdown
from harness.report.lint.sarif import LONGEST_MESSAGE, MOST_RESULTS, to_sarif
from harness.report.lint.text import with_caret

FINDING = Finding(
    "RB508",
    "pipe-to-shell",
    Severity.ERROR,
    "docs/a b.md",
    Place(4, 3, 9),
    "100% bad: a, b",
    "x `curl` | bash",
    "f" * 32,
)


def test_a_caret_stands_below_the_thing() -> None:
    assert with_caret(FINDING) == ("x `curl` | bash", "  ^~~~~~")


def test_a_long_line_is_cut_around_the_thing() -> None:
    source, caret = with_caret(replace(FINDING, source=f"{'a' * 500}THERE{'b' * 500}", place=Place(1, 501, 506)))
    assert len(source) == 160
    assert source[caret.index("^") : len(caret)] == "THERE"


def test_a_place_behind_the_line_is_shown_at_its_end() -> None:
    assert with_caret(replace(FINDING, source="ab", place=Place(1, 9, 20))) == ("ab", "  ^")


def test_github_commands_are_escaped() -> None:
    first, summary = to_github([FINDING], 1).splitlines()
    assert first == ("::error file=docs/a b.md,line=4,col=3,endColumn=8,title=RB508 pipe-to-shell::100%25 bad: a, b")
    assert summary.startswith("1 finding")


def test_sarif_has_rules_regions_and_fingerprints() -> None:
    run = json.loads(to_sarif([FINDING], all_rules()))["runs"][0]
    (rule,) = run["tool"]["driver"]["rules"]
    (result,) = run["results"]
    assert rule["id"] == "RB508"
    assert result["ruleIndex"] == 0
    assert result["partialFingerprints"] == {"gamedayLint/v1": "f" * 32}
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "docs/a%20b.md"
    assert place["region"] == {"startLine": 4, "startColumn": 3, "endColumn": 9}


def test_sarif_keeps_the_limits_and_the_most_severe() -> None:
    note = replace(FINDING, severity=Severity.NOTE, message="x" * 5000)
    run = json.loads(to_sarif([note] * MOST_RESULTS + [FINDING], all_rules()))["runs"][0]
    assert len(run["results"]) == MOST_RESULTS
    assert run["results"][0]["level"] == "error"
    assert max(len(each["message"]["text"]) for each in run["results"]) == LONGEST_MESSAGE
    assert run["properties"] == {"left_out": 1}


def test_junit_has_a_failed_case_for_each_finding() -> None:
    root = Xml.fromstring(to_junit([FINDING, replace(FINDING, path="b.md", message="\x1b[31m")], 2))
    assert root.attrib == {"name": "gameday lint", "tests": "2", "failures": "2"}
    assert [suite.get("name") for suite in root] == ["docs/a b.md", "b.md"]
    assert len(Xml.fromstring(to_junit([], 3)).findall("testsuite/testcase")) == 1


def test_markdown_has_a_table_for_each_file() -> None:
    text = to_markdown([FINDING], 1)
    assert "| 4 | error | RB508 pipe-to-shell | 100% bad: a, b |" in text
