"""Findings as JSON, for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from harness.lint.base import Finding

VERSION = 1
"""Of the form of the JSON."""


def to_json(found: Sequence[Finding], files: int) -> str:
    """An object with `version`, `files` and `findings`."""
    whole = {"version": VERSION, "files": files, "findings": [_finding(each) for each in found]}
    return json.dumps(whole, indent=2) + "\n"


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity.value,
        "path": finding.path,
        "line": finding.place.line,
        "column": finding.place.column,
        "end_column": max(finding.place.end, finding.place.column + 1),
        "message": finding.message,
        "source": finding.source,
        "fingerprint": finding.fingerprint,
        "fixable": bool(finding.edits),
    }
