"""RB105: a heading with nothing below it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import whole_line


def _check(document: Document) -> Iterator[Hit]:
    sections = document.sections
    for number, section in enumerate(sections):
        below = sections[number + 1].heading.level if number + 1 < len(sections) else 0
        if section.empty and section.heading.level < 7 and section.heading.text and not below > section.heading.level:
            if number or len(sections) > 1:
                place = whole_line(document, section.heading.line)
                yield Hit(place, f'the section "{section.heading.text}" is empty')


RULE = Rule(
    code="RB105",
    name="empty-section",
    severity=Severity.WARNING,
    summary="A section has a heading and nothing else.",
    why="A reader in an incident trusts that something is there, and loses time. Write the section or remove the heading.",
    fires="# ApiDown\n\n## Diagnosis\n\nSee the logs.\n\n## Mitigation\n",
    silent="# ApiDown\n\n## Diagnosis\n\nSee the logs.\n\n## Mitigation\n\nRestart the pod.\n",
    check=_check,
)
