"""Findings as SARIF 2.1.0, within the limits of GitHub code scanning."""

from __future__ import annotations

from collections.abc import Sequence

from harness.lint.base import GROUPS, Finding, Rule, Severity
from harness.report.format import as_json, cut
from harness.report.sarif import SCHEMA, Json, uri_of

MOST_RESULTS = 25_000
"""The most results of a run that GitHub accepts; it shows the 5,000 most severe.

https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""
LONGEST_MESSAGE = 1024
"""The most characters of a message and of a full description that GitHub shows."""
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_ORDER = list(Severity)


def to_sarif(found: Sequence[Finding], rules: Sequence[Rule]) -> str:
    """The findings with the rules that they name, the most severe first where there are too many."""
    kept = sorted(found, key=lambda finding: _ORDER.index(finding.severity))[:MOST_RESULTS]
    names = {finding.rule for finding in kept}
    described = [rule for rule in rules if rule.code in names]
    index = {rule.code: number for number, rule in enumerate(described)}
    driver: dict[str, Json] = {"name": "gameday lint", "rules": [_rule(rule) for rule in described]}
    run: dict[str, Json] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, index) for finding in kept],
    }
    if len(kept) < len(found):
        run["properties"] = {"left_out": len(found) - len(kept)}
    return as_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> Json:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": cut(rule.summary, LONGEST_MESSAGE)},
        "fullDescription": {"text": cut(rule.why, LONGEST_MESSAGE)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["runbook", GROUPS[rule.code[2]]]},
    }


def _result(finding: Finding, index: dict[str, int]) -> Json:
    place = finding.place
    region: dict[str, Json] = {"startLine": max(place.line, 1), "startColumn": max(place.column, 1)}
    region["endColumn"] = max(place.end, place.column + 1)
    where: dict[str, Json] = {"artifactLocation": {"uri": uri_of(finding.path)}, "region": region}
    result: dict[str, Json] = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": cut(finding.message, LONGEST_MESSAGE)},
        "locations": [{"physicalLocation": where}],
        "partialFingerprints": {"gamedayLint/v1": finding.fingerprint},
    }
    if finding.rule in index:
        result["ruleIndex"] = index[finding.rule]
    return result
