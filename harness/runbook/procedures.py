"""Parses what is outside of runbooks: general commands, alert, escalation and post-incident procedures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.model import Command, GeneralCommand, Part, Procedure, Unread
from harness.runbook.blocks import Code, Heading, Paragraph
from harness.runbook.inline import text_of
from harness.runbook.items import PROSE, each, unread
from harness.runbook.labels import label_of
from harness.runbook.outline import Section
from harness.runbook.sections import steps
from harness.runbook.shell import CONSOLES, SHELLS
from harness.runbook.synonyms import Kind

_PRIORITY = re.compile(r"\b(?:(P[0-5])|(SEV)(?:ERITY)?[ -]?(\d))\b", re.I)
_LEVEL = re.compile(r"^\W*(?:\w+ )?(?:level|tier|L)\s?(\d+)\b", re.I)
_NUMBERS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "ten": 10,
    "fifteen": 15,
    "thirty": 30,
}
_DEADLINE = re.compile(
    rf"(?:within|in (?:under|less than)|under|less than|no later than|at most|in|≤|<)\s*(?:the (?:first|next) )?"
    rf"(\d+|{'|'.join(_NUMBERS)})[ -]?(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)\b",
    re.I,
)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def general(section: Section) -> Iterator[Part]:
    """The commands outside of any runbook: of a general section, or in blocks that are marked as shell elsewhere."""
    for part in steps(section.blocks) if section.kind is Kind.GENERAL else _outside(section):
        if isinstance(part, Command):
            yield GeneralCommand(part.line, part.text, part.title, part.manual, section.name)
        elif isinstance(part, Unread):
            yield part
        else:
            yield Unread(part.line, part.text, PROSE)


def _outside(section: Section) -> Iterator[Part]:
    for block in section.blocks:
        if isinstance(block, Code) and block.lang in SHELLS | CONSOLES:
            yield from steps([block])
        elif not isinstance(block, Paragraph) or block.text:
            yield unread(block, PROSE if isinstance(block, Paragraph) else f"outside of every known part: {PROSE}")


def procedures(section: Section) -> Iterator[Part]:
    """The items of an alert, escalation or post-incident procedure; a list item can group the items below it."""
    group = _Group(section.name if section.nested or _graded(section.name) else "")
    for block in section.blocks:
        if isinstance(block, Paragraph) and block.parent and block.bullet and _graded(block.text):
            group = _Group(block.text.rstrip(": "), block.depth)
            continue
        if isinstance(block, Heading):
            group = _Group(block.text)
            continue
        if group.depth and block.depth <= group.depth:
            group = _Group("")
        yield from each([block], lambda paragraph, group=group: [_procedure(paragraph, group.name)], "procedures")  # type: ignore[misc]


def _graded(text: str) -> bool:
    return bool(_PRIORITY.search(text) or _LEVEL.search(text))


def _procedure(paragraph: Paragraph, group: str) -> Procedure:
    label = label_of(paragraph)
    named = label if label and label.rest and (label.bold or len(label.name.split()) <= 4) else None
    own = named.name if named else paragraph.text
    level = _LEVEL.search(group) or _LEVEL.search(own)
    return Procedure(
        paragraph.line,
        paragraph.text,
        group,
        named.name if named else "",
        _priority(own) or _priority(group),
        int(level[1]) if level else None,
        _deadline_s(text_of(named.rest) if named else paragraph.text),
    )


def _priority(text: str) -> str | None:
    match = _PRIORITY.search(text)
    return "".join(filter(None, match.groups())).upper() if match else None


def _deadline_s(text: str) -> int | None:
    """The first stated time limit ("within 5 minutes") in seconds."""
    match = _DEADLINE.search(text)
    if match is None:
        return None
    number = _NUMBERS.get(match[1].lower()) or int(match[1])
    return number * _SECONDS[match[2][0].lower()]


@dataclass(frozen=True)
class _Group:
    name: str
    depth: int = 0
