"""RB106: a note of the author that was never followed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.page import Place

_TODO = re.compile(
    r"\b(?:TODO|FIXME|TBD|TBC|XXX|T\.B\.D\.)(?![\w-])(?! *(?:list|check|item|app|s\b|LIST|CHECK))"
    r"|(?i:\b(?:coming soon|work in progress|lorem ipsum|needs? documentation|not yet documented|under construction)\b"
    r"|\b(?:this|the) (?:section|page|document|runbook|part) (?:is|needs to be) (?:incomplete|a stub|not (?:yet "
    r")?(?:complete|finished|written)"
    r"|finished|written|completed)\b|(?:^|[(:|*>-] ?)to be (?:written|documented|determined|defined|completed|added"
    r"|decided|filled(?: in)?)\b)"
)


def _check(document: Document) -> Iterator[Hit]:
    if not _TODO.search(document.text):
        return
    for number, (line, kind) in enumerate(zip(document.lines, document.kinds, strict=True), start=1):
        if kind not in "phmc":
            continue
        for found in _TODO.finditer(line):
            if kind == "c" and "#" not in line[: found.start()] and "//" not in line[: found.start()]:
                continue
            if not _in_code_span(line, found.start()):
                yield Hit(Place(number, found.start() + 1, found.end() + 1), f"`{found[0]}` was left over in the text")


def _in_code_span(line: str, at: int) -> bool:
    return line[:at].count("`") % 2 == 1


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
