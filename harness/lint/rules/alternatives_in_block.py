"""RB213: two ways of doing a thing in one block, which a paste runs one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.facts import is_change, shown, whole_line
from harness.lint.page import Block
from harness.lint.patterns import lazy
from harness.lint.typed import SHELLS

_OTHER = lazy(r"^\s*#\s*(?:or\b(?! else)|alternative(?:ly)?\b|option\s+(?:[B-Z]|[2-9])\b|instead\b)", re.I)


def _check(document: Document) -> Iterator[Hit]:
    for block, made in _changes(document):
        for row, line in enumerate(block.lines):
            number = block.first + row
            if "#" in line and _OTHER.match(line) and _on_both_sides(made, number):
                yield Hit(
                    whole_line(document, number),
                    f"{shown(line.strip(' #'))} begins another way to make a change, in the same block as the first",
                )


def _changes(document: Document) -> Iterator[tuple[Block, Sequence[Command]]]:
    """The shell blocks with their changes."""
    found: dict[int, tuple[Block, list[Command]]] = {}
    for command in document.commands:
        block = command.source.block
        if block is not None and block.lang in SHELLS and not command.conditional and is_change(command):
            found.setdefault(block.line, (block, []))[1].append(command)
    yield from found.values()


def _on_both_sides(made: Sequence[Command], line: int) -> bool:
    return any(each.place.line < line for each in made) and any(each.place.line > line for each in made)


RULE = Rule(
    code="RB213",
    name="alternatives-in-block",
    severity=Severity.WARNING,
    summary="A block has two ways to make a change, and a paste runs both.",
    why="The second one runs on top of the first: two rollbacks go back two versions. Give each way a block of its "
    "own, with the condition under which it is the right one.",
    fires="```bash\n# Go back one version\nkubectl rollout undo deployment/api -n shop\n\n# Or to a known one\n"
    "kubectl rollout undo deployment/api -n shop --to-revision=3\n```\n",
    silent="Go back one version:\n\n```bash\nkubectl rollout undo deployment/api -n shop\n```\n\nOr to a known one:\n\n"
    "```bash\nkubectl rollout undo deployment/api -n shop --to-revision=3\n```\n",
    check=_check,
)
