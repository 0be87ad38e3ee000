"""Findings as text: place, rule and message, then the line of the document with a caret below the thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from harness.lint.base import Finding, Severity

_LONGEST_LINE = 160
"""The most characters shown of a line."""


def to_text(found: Sequence[Finding], files: int) -> str:
    """Every finding, and how many there are."""
    shown = "".join(f"{line}\n" for finding in found for line in _finding(finding))
    return f"{shown}{summary(found, files)}\n"


def summary(found: Sequence[Finding], files: int) -> str:
    """One line: how many findings of which severity, in how many files."""
    checked = f"{files} file{'' if files == 1 else 's'}"
    if not found:
        return f"no findings in {checked}"
    counts = Counter(finding.severity for finding in found)
    parts = ", ".join(f"{counts[each]} {each}{'' if counts[each] == 1 else 's'}" for each in Severity if counts[each])
    return (
        f"{len(found)} finding{'' if len(found) == 1 else 's'} in {checked}: {parts}; `gameday rule CODE` explains one"
    )


def _finding(finding: Finding) -> Iterator[str]:
    place = finding.place
    yield f"{finding.path}:{place.line}:{place.column}: {finding.severity} {finding.rule} {finding.message}"
    source, caret = with_caret(finding)
    if source.strip():
        yield f"  {source}"
        yield f"  {caret}"


def with_caret(finding: Finding) -> tuple[str, str]:
    """The line of a finding, cut around the thing, and the line with the caret below it."""
    source = finding.source.expandtabs(1).rstrip()
    column = min(max(finding.place.column, 1), len(source) + 1)
    end = max(min(finding.place.end, len(source) + 1), column + 1)
    if len(source) > _LONGEST_LINE:
        first = max(0, column - 1 - _LONGEST_LINE // 4)
        source, column, end = source[first : first + _LONGEST_LINE], column - first, end - first
        end = max(min(end, len(source) + 1), column + 1)
    return source, " " * (column - 1) + "^" + "~" * (end - column - 1)
