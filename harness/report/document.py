"""What was read of a runbook document, part by part with lines: for people (`to_text`) and for programs (`to_json`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields

from harness.model import (
    Action,
    Command,
    Dashboard,
    Document,
    GeneralCommand,
    Part,
    Procedure,
    Runbook,
    SectionHeading,
    Toggle,
    Unread,
)
from harness.report.format import as_json, printable

Json = dict[str, object]
_NAMES = {"old": "from", "new": "to"}
_ONLY_WITH_VALUE = ("manual", "command", "rollback")


def to_json(document: Document) -> str:
    """The document as JSON: path, title, severity, runbooks[], general[], alerts[], escalation[], post_incident[],
    unread[]. `severity` stands there only where the document states one."""
    found: Json = {
        "path": document.path,
        "title": document.title,
        **({"severity": document.severity} if document.severity else {}),
        "runbooks": [_runbook_json(book) for book in document.runbooks],
        "general": _parts_json(document.general),
        "alerts": _parts_json(document.alerts),
        "escalation": _parts_json(document.escalation),
        "post_incident": _parts_json(document.post_incident),
        "unread": _parts_json(document.unread),
    }
    return as_json(found)


def _runbook_json(book: Runbook) -> Json:
    return {
        "id": book.id,
        "title": book.title,
        "line": book.line,
        "symptoms": _parts_json(book.symptoms),
        "actions": _parts_json(book.actions),
        "commands": _parts_json(book.commands),
        "toggles": _parts_json(book.toggles),
        "dashboards": _parts_json(book.dashboards),
        **({"sections": _parts_json(book.sections)} if book.sections else {}),
    }


def _parts_json(parts: Iterable[Part]) -> list[Json]:
    return [_part_json(part) for part in parts]


def _part_json(part: Part) -> Json:
    """Every field of the part, under the name that the contract gives it; some only where they say something."""
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    return {
        _NAMES.get(name, name): _json_of(value)
        for name, value in values.items()
        if value or name not in _ONLY_WITH_VALUE
    }


def _json_of(value: object) -> object:
    return [_part_json(part) for part in value] if isinstance(value, tuple) else value


def to_text(document: Document) -> str:
    """The document for a terminal: every part behind its line."""
    return printable("".join(line + "\n" for line in _lines(document)))


def _lines(document: Document) -> Iterator[str]:
    severity = f" (severity {document.severity})" if document.severity else ""
    yield (f"{document.path}: {document.title}" if document.title else document.path) + severity
    yield _counts(document)
    for book in document.runbooks:
        yield ""
        yield f"{book.line:5}  {book.id}" + (f": {book.title}" if book.title else "")
        yield from _block("Sections", book.sections)
        yield from _block("Symptoms", book.symptoms)
        yield from _block("Immediate actions", book.actions)
        yield from _block("Commands", book.commands)
        yield from _block("Toggles", book.toggles)
        yield from _block("Dashboards", book.dashboards)
        if not (book.symptoms or book.actions or book.commands or book.toggles or book.dashboards):
            yield "         nothing stands under this heading"
    for heading, parts in _rest(document):
        if parts:
            yield ""
            yield from _block(heading, parts, margin="")


def _rest(document: Document) -> Iterator[tuple[str, Sequence[Part]]]:
    yield "General commands", document.general
    yield "Alert procedures", document.alerts
    yield "Escalation", document.escalation
    yield "After an incident", document.post_incident
    yield "Not understood", document.unread


def _counts(document: Document) -> str:
    books = document.runbooks
    counts = [
        _count(len(books), "runbook"),
        _count(sum(len(book.symptoms) for book in books), "symptom"),
        _count(sum(len(book.actions) for book in books), "action"),
        _count(sum(len(book.commands) for book in books), "command"),
        _count(sum(len(book.toggles) for book in books), "toggle"),
        _count(sum(len(book.dashboards) for book in books), "dashboard"),
        _count(len(document.general), "general command"),
        f"{len(document.unread)} not understood",
    ]
    return ", ".join(counts)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _block(heading: str, parts: Sequence[Part], margin: str = "  ") -> Iterator[str]:
    if not parts:
        return
    yield f"       {margin}{heading}"
    group = ""
    for part in parts:
        now = _group(part)
        if now and now != group:
            yield f"       {margin}  {now}"
        group = now
        yield from _part(part, margin + ("    " if now else "  "))


def _group(part: Part) -> str:
    match part:
        case GeneralCommand():
            return part.section
        case Procedure():
            return part.group
    return ""


def _part(part: Part, margin: str) -> Iterator[str]:
    """The part behind its line; the comment of a command stands above it, further lines below."""
    blank = f"       {margin}"
    first, *more = _words(part).split("\n")
    if isinstance(part, Command) and part.title:
        yield f"{blank}# {part.title}"
    yield f"{part.line:5}  {margin}{first}{_role(part)}"
    yield from (f"{blank}{line}".rstrip() for line in [*more, *_remarks(part)])


def _role(part: Part) -> str:
    match part:
        case SectionHeading():
            return f"  [{', '.join(filter(None, [part.name, part.role.value]))}]"
        case Action() if part.commands:
            return ""
        case Command() | Action():
            return f"  [{part.role.value}]"
    return ""


def _words(part: Part) -> str:
    match part:
        case Toggle():
            return f"{part.name}: {'' if part.old is None else f'{part.old} -> '}{part.new}"
        case Dashboard():
            return f"{part.system}: {part.name}" if part.system else part.name
    return part.text


def _command_below(command: Command) -> list[str]:
    first, *more = command.text.split("\n")
    return [f"  $ {first}{_role(command)}", *(f"  $ {line}" for line in more), *_remarks(command)]


def _remarks(part: Part) -> list[str]:
    match part:
        case Action():
            return [line for command in part.commands for line in _command_below(command)]
        case Toggle() if part.command and not part.manual:
            return [f"  $ {part.command}", *([f"  rollback: {part.rollback}"] if part.rollback else [])]
        case Command() | Toggle() if part.manual:
            return [f"  (left to a person: {part.manual})"]
        case Procedure() if part.deadline_s is not None:
            return [f"  limit: {part.deadline_s} s"]
        case Unread():
            return [f"  ({part.why})"]
    return []
