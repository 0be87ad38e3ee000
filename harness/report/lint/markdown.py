"""Findings as Markdown, for the summary of a job or a comment."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from harness.lint.base import Finding
from harness.report.lint.text import summary
from harness.report.markdown_text import escape


def to_markdown(found: Sequence[Finding], files: int) -> str:
    """A heading, the summary, and one table for each file."""
    parts = ["# gameday lint", summary(found, files)]
    for path, group in groupby(found, key=lambda finding: finding.path):
        rows = [
            f"| {each.place.line} | {each.severity} | {each.rule} {each.name} | {escape(each.message)} |"
            for each in group
        ]
        parts += [f"## {escape(path)}", "\n".join(["| line | severity | rule | finding |", "|---|---|---|---|", *rows])]
    return "\n\n".join(parts) + "\n"
