"""RB106: a note of the author that was never followed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.page import Place
from harness.lint.patterns import lazy

_MARK = lazy(r"\b(?:TODO|FIXME|TBD|TBC|XXX|T\.B\.D\.)(?![\w-])(?! *(?:list|check|item|app|s\b|LIST|CHECK))")
_PHRASE = lazy(
    r"\b(?:coming soon|work in progress|lorem ipsum|needs? documentation|not yet documented|under construction)\b"
    r"|\b(?:this|the) (?:section|page|document|runbook|part) (?:is|needs to be) (?:incomplete|a stub|finished|written"
    r"|completed|not (?:yet )?(?:complete|finished|written))\b"
    r"|(?:^|[(:|*>-] ?)to be (?:written|documented|determined|defined|completed|added|decided|filled(?: in)?)\b",
    re.I | re.M,
)
_HINTS = (
    "coming soon", "work in progress", "lorem", "documentation", "documented", "construction", "incomplete", "stub",
    "finished", "complete", "written", "to be d", "to be a", "to be f",
)  # fmt: skip


def _check(document: Document) -> Iterator[Hit]:
    yield from _hits(document, _MARK, ("todo", "fixme", "tbd", "tbc", "xxx", "t.b.d"))
    yield from _hits(document, _PHRASE, _HINTS)


def _hits(document: Document, pattern: re.Pattern[str], hints: Sequence[str]) -> Iterator[Hit]:
    """The first match of each line with a hint."""
    for number in document.lines_with(*hints):
        found = pattern.search(document.lines[number - 1])
        if found is None:
            continue
        place = Place(number, found.start() + 1, found.end() + 1)
        kind, before = document.kinds[number - 1], document.lines[number - 1][: found.start()]
        is_comment = kind != "c" or "#" in before or "//" in before
        if kind != "f" and is_comment and before.count("`") % 2 == 0:
            yield Hit(place, f"`{found[0].strip(' (:|*>-')}` was left over in the text")


RULE = Rule(
    code="RB106",
    name="leftover-todo",
    severity=Severity.WARNING,
    summary="A note such as TODO or TBD was left over.",
    why="What is missing is missing in the incident. Write it, or remove the note and file an issue.",
    fires="# ApiDown\n\n## Mitigation\n\nTODO: describe the failover.\n",
    silent="# ApiDown\n\n## Mitigation\n\nFail over to the standby.\n",
    check=_check,
)
