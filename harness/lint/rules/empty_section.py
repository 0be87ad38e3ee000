"""RB105: a heading with nothing below it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import whole_line


def _check(document: Document) -> Iterator[Hit]:
    """Without the first heading: it is the title where others of its level follow."""
    sections = document.sections
    for number, section in enumerate(sections[1:], start=1):
        heading = section.heading
        has_children = number + 1 < len(sections) and sections[number + 1].heading.level > heading.level
        if section.empty and heading.level < 7 and heading.text and not has_children and "](" not in heading.text:
            yield Hit(whole_line(document, heading.line), f'the section "{heading.text}" is empty')


RULE = Rule(
    code="RB105",
    name="empty-section",
    severity=Severity.WARNING,
    summary="A section has a heading and nothing else.",
    why="A reader in an incident trusts that something is there, and loses time. Write the section or remove the "
    "heading.",
    fires="# ApiDown\n\n## Diagnosis\n\nSee the logs.\n\n## Mitigation\n",
    silent="# ApiDown\n\n## Diagnosis\n\nSee the logs.\n\n## Mitigation\n\nRestart the pod.\n",
    check=_check,
)
