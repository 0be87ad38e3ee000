"""What a document asks for, as a list: two documents with equal lists have the same steps and conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from harness.model import Action, Command, Dashboard, Document, Part, Procedure, Runbook, Toggle, Unread


@dataclass(frozen=True)
class Meaning:
    """One part: its line, kind and text, and whatever else decides how it is executed. `owner` is the runbook's id."""

    line: int
    owner: str
    kind: str
    text: str
    detail: tuple[str, ...] = ()

    def without_line(self) -> Meaning:
        """The same anywhere: lines move when others are added above."""
        return replace(self, line=0)


def meanings(document: Document) -> list[Meaning]:
    """Every part of a document in the order of its lines."""
    found = [part for book in document.runbooks for part in _of_runbook(book)]
    rest = (*document.general, *document.alerts, *document.escalation, *document.post_incident, *document.unread)
    found += [meaning for part in rest for meaning in _of("", part)]
    return sorted(found, key=lambda meaning: meaning.line)


def _of_runbook(book: Runbook) -> Iterator[Meaning]:
    yield Meaning(book.line, book.id, "Runbook", book.title)
    for part in (*book.symptoms, *book.actions, *book.commands, *book.toggles, *book.dashboards):
        yield from _of(book.id, part)


def _of(owner: str, part: Part) -> Iterator[Meaning]:
    kind = type(part).__name__
    match part:
        case Action():
            prose = part.text
            for command in part.commands:
                prose = prose.replace(command.text, "")
            yield Meaning(part.line, owner, kind, prose)
            for command in part.commands:
                yield from _of(owner, command)
        case Command():
            yield Meaning(part.line, owner, "Command", part.text, (_placeless(part.manual),))
        case Toggle():
            detail = (part.old or "", part.new, _placeless(part.manual), part.command, part.rollback)
            yield Meaning(part.line, owner, kind, part.name, detail)
        case Dashboard():
            yield Meaning(part.line, owner, kind, part.name, (part.system,))
        case Unread():
            yield Meaning(part.line, owner, kind, part.text, (_placeless(part.why),))
        case Procedure():
            yield Meaning(part.line, owner, kind, part.text, (part.group, part.name))
        case _:
            yield Meaning(part.line, owner, kind, part.text)


def _placeless(reason: str) -> str:
    """A reason without the lines that it names."""
    return re.sub(r"\blines? \d+\b", "line", reason)
