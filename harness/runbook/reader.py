"""Parses a runbook document: splits it into sections and parses each section according to its kind."""

from __future__ import annotations

from collections import Counter
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
    Role,
    Runbook,
    SectionHeading,
    Symptom,
    Toggle,
    Unread,
)
from harness.runbook import document_sections, procedures, sections, toggles
from harness.runbook.blocks import Block, Code, FrontMatter, Table
from harness.runbook.context import governed
from harness.runbook.headings import Form
from harness.runbook.items import PROSE, unread
from harness.runbook.markdown import blocks
from harness.runbook.outline import Entry, Outline, Section, may_have_ids, outline_by_form, outline_by_ids
from harness.runbook.roles import role_of_action, role_of_command
from harness.runbook.shell import CONSOLES, SHELLS
from harness.runbook.source import load
from harness.runbook.synonyms import Kind

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
    """Parse a text; `path` is its name in errors, and may be the id of its runbook. Raises DocumentError when two
    runbooks have the same id."""
    found = tuple(blocks(text))
    outlined = outline_by_ids(found) if may_have_ids(found) else None
    if outlined is None or not _is_by_ids(outlined):
        whole = _document(found, outline_by_form(found, path), path, text)
        if any(book.actions or book.commands or book.toggles for book in whole.runbooks):
            return whole
    return _document(found, outlined or outline_by_ids(found), path, text)


def _is_by_ids(found: Outline) -> bool:
    """Whether the runbooks of a document are those with an id in their headings.

    A word in capitals is not always an id: "DNS: how it works" is a heading like others where it has no symptoms and
    commands are elsewhere, or where the same word begins another heading.
    """
    named = [entry for entry in found.entries if entry.form]
    used = Counter(entry.id for entry in named)
    if found.only_parts or not named or any(used[entry.id] > 1 and entry.form is not Form.SURE for entry in named):
        return found.only_parts
    stated = any(Kind.SYMPTOMS in entry.seen and entry.form is Form.SURE for entry in named)
    return stated or not any(map(_leaves_code, found.sections))


def _leaves_code(section: Section) -> bool:
    """Whether a section outside of every known one has code that may be shell."""
    known = section.kind in (Kind.GENERAL, *_PROCEDURES) if section.entry is None else section.kind is not Kind.UNKNOWN
    shell = (block for block in section.blocks if isinstance(block, Code) and block.lang in {"", *SHELLS, *CONSOLES})
    return not known and any(shell)


def _document(whole: Sequence[Block], found: Outline, path: str, text: str) -> Document:
    entries = _with_own_ids(found.entries)
    _refuse_duplicates(entries, path)
    parts = [
        (section, tuple(_with_role(part, section) for part in _parts(_governed(section)))) for section in found.sections
    ]

    def of(kind: Kind) -> tuple[Procedure, ...]:
        return _only(Procedure, chain.from_iterable(found for section, found in parts if section.kind is kind))

    everything = [part for _, found in parts for part in found]
    return Document(
        path,
        found.title,
        tuple(_runbook(entry, parts) for entry in entries),
        _only(GeneralCommand, everything),
        of(Kind.ALERTS),
        of(Kind.ESCALATION),
        of(Kind.POST_INCIDENT),
        tuple(sorted(_only(Unread, everything), key=lambda part: part.line)),
        next((block.severity for block in whole if isinstance(block, FrontMatter)), ""),
        text,
    )


def nothing_to_test(document: Document) -> str | None:
    """Return why a document has nothing to test, or None."""
    if not document.runbooks:
        return "there is no runbook in it: it has no steps. Write commands in code blocks or backticks."
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


def _with_own_ids(entries: Sequence[Entry]) -> Sequence[Entry]:
    """The runbooks; those without an id in their headings get a number behind an id that is used already."""
    used: dict[str, int] = {}
    for entry in entries:
        used[entry.id] = used.get(entry.id, 0) + 1
        if entry.by_form and used[entry.id] > 1:
            entry.id = f"{entry.id}_{used[entry.id]}"
    return entries


def _with_role(part: Part, section: Section) -> Part:
    """The part with what it is for."""
    of_section = section.like.role if section.like else Role.UNKNOWN
    if isinstance(part, Command):
        return replace(part, role=role_of_command(part.text, part.title, of_section))
    if isinstance(part, Action):
        made = tuple(replace(each, role=role_of_command(each.text, part.text, of_section)) for each in part.commands)
        return replace(part, commands=made, role=made[0].role if made else role_of_action(part.text, of_section))
    return part


def _governed(section: Section) -> Section:
    """The section with what its words say about its commands, if it can have any."""
    if section.entry and section.entry.by_form:
        return replace(section, blocks=governed(section.above, section.blocks, cases=True))
    without = (Kind.SYMPTOMS, Kind.DASHBOARDS, *_PROCEDURES)
    return section if section.kind in without else replace(section, blocks=governed(section.above, section.blocks))


def _parts(section: Section) -> Iterator[Part]:
    if section.entry and section.entry.by_form:
        yield from document_sections.parts(section)
    elif section.entry is None and section.kind in _PARSERS:
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


def _runbook(entry: Entry, parts: Sequence[tuple[Section, Sequence[Part]]]) -> Runbook:
    own = [(section, found) for section, found in parts if section.entry is entry]
    found = [part for _, each in own for part in each]
    return Runbook(
        entry.id,
        entry.title,
        entry.line,
        _only(Symptom, found),
        _only(Action, found),
        _only(Command, found),
        _only(Toggle, found),
        _only(Dashboard, found),
        tuple(_heading(section) for section, _ in own if section.name and entry.by_form),
    )


def _heading(section: Section) -> SectionHeading:
    like = section.like
    return SectionHeading(section.line, section.name, like.name if like else "", like.role if like else Role.UNKNOWN)


def _only(kind: type[_P], parts: Iterable[Part]) -> tuple[_P, ...]:
    return tuple(part for part in parts if isinstance(part, kind))
