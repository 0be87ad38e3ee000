"""Parses a runbook document: splits it into sections and parses each section according to its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TypeVar

from harness.errors import DocumentError
from harness.model import (
    Action,
    Command,
    Dashboard,
    Document,
    GeneralCommand,
    Part,
    Procedure,
    Runbook,
    Symptom,
    Toggle,
    Unread,
)
from harness.runbook import procedures, sections, toggles
from harness.runbook.blocks import Block, Code, Table
from harness.runbook.context import governed
from harness.runbook.headings import Kind
from harness.runbook.items import PROSE, unread
from harness.runbook.markdown import blocks
from harness.runbook.outline import Entry, Section, outline
from harness.runbook.shell import CONSOLES, SHELLS
from harness.runbook.source import load

_P = TypeVar("_P", bound=Part)
_PARSERS: dict[Kind, Callable[[Sequence[Block]], Iterator[Part]]] = {
    Kind.SYMPTOMS: sections.symptoms,
    Kind.ACTIONS: sections.actions,
    Kind.COMMANDS: sections.steps,
    Kind.TOGGLES: toggles.read,
    Kind.DASHBOARDS: sections.dashboards,
}
_ORPHAN = "belongs to no runbook: add a heading such as `### ID: title` above it"
_PROCEDURES = (Kind.ALERTS, Kind.ESCALATION, Kind.POST_INCIDENT)


def read(path: Path) -> Document:
    """Parse the file at `path`. Raises DocumentError when it is not text, or two runbooks have the same id."""
    return parse(load(path), str(path))


def parse(text: str, path: str = "<text>") -> Document:
    """Parse a text; `path` is its name in errors. Raises DocumentError when two runbooks have the same id."""
    title, entries, outlined = outline(tuple(blocks(text)))
    _refuse_duplicates(entries, path)
    parts = [(section, tuple(_parts(_governed(section)))) for section in outlined]

    def of(kind: Kind) -> tuple[Procedure, ...]:
        return _only(Procedure, chain.from_iterable(found for section, found in parts if section.kind is kind))

    everything = [part for _, found in parts for part in found]
    return Document(
        path,
        title,
        tuple(_runbook(entry, _of_entry(entry, parts)) for entry in entries),
        _only(GeneralCommand, everything),
        of(Kind.ALERTS),
        of(Kind.ESCALATION),
        of(Kind.POST_INCIDENT),
        tuple(sorted(_only(Unread, everything), key=lambda part: part.line)),
        text,
    )


def nothing_to_test(document: Document) -> str | None:
    """Return why a document has nothing to test, or None."""
    if not document.runbooks:
        return "there is no runbook in it. One begins with a heading such as `### TIMEOUT: Service Timeout Handling`."
    if not any(book.symptoms or book.actions or book.commands or book.toggles for book in document.runbooks):
        names = ", ".join(f"{book.id} (line {book.line})" for book in document.runbooks)
        return f"every runbook is empty: {names}. A runbook needs symptoms, and commands or toggles."
    return None


def _refuse_duplicates(entries: Iterable[Entry], path: str) -> None:
    first: dict[str, Entry] = {}
    for entry in entries:
        earlier = first.setdefault(entry.id, entry)
        if earlier is not entry:
            raise DocumentError(
                f"{path}:{entry.line}: the runbook id {entry.id} is used twice, "
                f"on line {earlier.line} and on line {entry.line}. Give each runbook its own id."
            )


def _governed(section: Section) -> Section:
    """The section with what its words say about its commands, if it can have any."""
    without = (Kind.SYMPTOMS, Kind.DASHBOARDS, *_PROCEDURES)
    return section if section.kind in without else replace(section, blocks=governed(section.above, section.blocks))


def _parts(section: Section) -> Iterator[Part]:
    if section.entry is None and section.kind in _PARSERS:
        yield from _all_unread(section, _ORPHAN)
    elif section.kind in _PARSERS:
        yield from _PARSERS[section.kind](section.blocks)
    elif section.kind in _PROCEDURES:
        yield from procedures.procedures(section)
    elif section.entry is None:
        yield from procedures.general(section)
    elif section.kind is Kind.PROSE:
        yield from _opening(section)
    else:
        yield from _all_unread(section, f'unknown section "{section.name}" of {section.entry.id}')


def _opening(section: Section) -> Iterator[Part]:
    """The blocks between the heading of a runbook and its first section."""
    for block in section.blocks:
        if isinstance(block, Code) and block.lang in {"", *SHELLS, *CONSOLES}:
            yield from sections.steps([block])
        elif isinstance(block, Table) and toggles.columns_of(block):
            yield from toggles.read([block])
        else:
            yield unread(block, PROSE)


def _all_unread(section: Section, why: str) -> Iterator[Part]:
    if not section.blocks:
        yield Unread(section.line, section.name, why)
    yield from (unread(block, why) for block in section.blocks)


def _of_entry(entry: Entry, parts: Iterable[tuple[Section, Sequence[Part]]]) -> list[Part]:
    return [part for section, found in parts if section.entry is entry for part in found]


def _runbook(entry: Entry, parts: Sequence[Part]) -> Runbook:
    return Runbook(
        entry.id,
        entry.title,
        entry.line,
        _only(Symptom, parts),
        _only(Action, parts),
        _only(Command, parts),
        _only(Toggle, parts),
        _only(Dashboard, parts),
    )


def _only(kind: type[_P], parts: Iterable[Part]) -> tuple[_P, ...]:
    return tuple(part for part in parts if isinstance(part, kind))
