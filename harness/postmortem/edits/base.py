"""Contract of a kind of edit. Members are registered as entry points of the group `gameday.edits`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness.model import Document
from harness.postmortem.meaning import Meaning
from harness.postmortem.source import Source
from harness.verdict.result import DrillResult

Change = Callable[[list[Meaning]], list[Meaning]]
"""Returns the parts of an edited document from those of the document."""


@dataclass(frozen=True)
class Context:
    """The document and the drill whose evidence an edit uses."""

    source: Source
    document: Document
    drill: DrillResult


@dataclass(frozen=True)
class Edit:
    """One change of the text, and what it does to the parts of the document."""

    kind: str
    line: int
    """The line that it concerns, from 1."""
    why: str
    at: int
    """Offset in the text."""
    old: str
    """What stands there; "" for an insertion."""
    new: str
    changes: Change
    """What it does to the parts of the document; nothing else may differ afterwards."""


@dataclass(frozen=True)
class Dropped:
    """A change that was called for and cannot be made safely; a person has to make it."""

    kind: str
    line: int
    why: str


@dataclass(frozen=True)
class EditKind:
    """A kind of edit. The entry point refers to an instance, and has its name."""

    name: str
    find: Callable[[Context], Iterator[Edit | Dropped]]
    """Yields the edits that the evidence of one drill calls for."""


def unchanged(parts: list[Meaning]) -> list[Meaning]:
    """The parts of a document in which an edit only changes a comment."""
    return parts


def instead(line: int, kind: str, text: str, *by: Meaning) -> Change:
    """The function that puts other parts in place of the first one with this line, kind and text."""

    def change(parts: list[Meaning]) -> list[Meaning]:
        for at, part in enumerate(parts):
            if (part.line, part.kind, part.text) == (line, kind, text):
                return [*parts[:at], *by, *parts[at + 1 :]]
        return parts

    return change
