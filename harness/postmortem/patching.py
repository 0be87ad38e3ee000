"""Applies edits to a document, one by one: an edit stays only if the document then means what it should. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.errors import DocumentError
from harness.postmortem.edits.base import Dropped, Edit
from harness.postmortem.meaning import Meaning, meanings
from harness.runbook import parse


@dataclass(frozen=True)
class Patched:
    """The text before and after, the edits that were made, and what is left to a person."""

    before: str
    after: str
    edits: tuple[Edit, ...] = ()
    dropped: tuple[Dropped, ...] = ()


def patch(text: str, found: Iterable[Edit | Dropped]) -> Patched:
    """The document with every edit that changes its meaning exactly as it says; the others are left to a person."""
    every = list(dict.fromkeys(found))
    edits, dropped = [each for each in every if isinstance(each, Edit)], [x for x in every if isinstance(x, Dropped)]
    before = meanings(parse(text))
    if _objection(text, before, edits):
        edits, refused = _one_by_one(text, before, edits)
        dropped += refused
    edits.sort(key=lambda edit: edit.at)
    return Patched(text, applied(text, edits), tuple(edits), tuple(sorted(dropped, key=lambda each: each.line)))


def _one_by_one(text: str, before: list[Meaning], edits: Sequence[Edit]) -> tuple[list[Edit], list[Dropped]]:
    """The edits that can be made together, and those that cannot be made after the ones before."""
    made: list[Edit] = []
    dropped: list[Dropped] = []
    for edit in edits:
        why = _objection(text, before, [*made, edit])
        if why:
            dropped.append(Dropped(edit.kind, edit.line, f"{edit.why}: not changed, because {why}"))
        else:
            made.append(edit)
    return made, dropped


def applied(text: str, edits: Sequence[Edit]) -> str:
    """The text with these edits; several insertions at one place stay in their order."""
    for edit in sorted(reversed(edits), key=lambda edit: edit.at, reverse=True):
        text = text[: edit.at] + edit.new + text[edit.at + len(edit.old) :]
    return text


def _objection(text: str, before: list[Meaning], edits: Sequence[Edit]) -> str:
    """Why these edits cannot be made together; "" where they can."""
    ordered, expected = sorted(edits, key=lambda edit: edit.at), before
    if any(text[edit.at : edit.at + len(edit.old)] != edit.old for edit in edits):
        return "the text there is another one"
    if any(_overlap(*pair) for pair in pairwise(ordered)):
        return "another edit changes the same words"
    for edit in ordered:
        expected = edit.changes(expected)
    try:
        found = meanings(parse(applied(text, edits)))
    except DocumentError as error:
        return f"the document could not be read any more: {error}"
    if [part.without_line() for part in found] != [part.without_line() for part in expected]:
        return "it would change the meaning of something else"
    return ""


def _overlap(one: Edit, other: Edit) -> bool:
    """Whether two edits touch the same characters; two insertions at one place do not."""
    first, second = sorted((one, other), key=lambda edit: (edit.at, len(edit.old)))
    return second.at < first.at + len(first.old)
