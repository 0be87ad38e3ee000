"""Findings as workflow commands, which GitHub shows beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from harness.lint.base import Finding, Severity
from harness.report.lint.text import summary

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def to_github(found: Sequence[Finding], files: int) -> str:
    """One command for each finding, then the summary.

    The escapes are those of the runner:
    https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    """
    return "".join(f"{_command(each)}\n" for each in found) + f"{summary(found, files)}\n"


def _command(finding: Finding) -> str:
    place = finding.place
    end = max(place.end - 1, place.column)
    properties = {
        "file": finding.path, "line": place.line, "col": place.column, "endColumn": end,
        "title": f"{finding.rule} {finding.name}",
    }  # fmt: skip
    shown = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{_LEVELS[finding.severity]} {shown}::{_data(finding.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
