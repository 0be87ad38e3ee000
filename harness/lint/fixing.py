"""Applies the safe changes of findings to the text of a document, and shows them as a diff."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

from harness.lint.base import Edit, Finding

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


def fixed(text: str, found: Iterable[Finding]) -> str:
    """The text with every safe change; line ends and byte order mark stay. Of changes that overlap, the first one."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = [line for line in _LINE.findall(text[len(mark) :]) if line]
    for edit in _from_the_end(edit for finding in found for edit in finding.edits):
        number = edit.place.line - 1
        if number < len(lines):
            line = lines[number]
            lines[number] = line[: edit.place.column - 1] + edit.text + line[edit.place.end - 1 :]
    return mark + "".join(lines)


def _from_the_end(edits: Iterable[Edit]) -> Iterator[Edit]:
    """The edits from the last one to the first, so that columns stay right."""
    kept: list[Edit] = []
    for edit in sorted(set(edits), key=lambda each: (each.place.line, each.place.column)):
        last = kept[-1].place if kept else None
        if last is None or last.line != edit.place.line or last.end <= edit.place.column:
            kept.append(edit)
    yield from reversed(kept)


def diff(path: str, before: str, after: str) -> str:
    """The change of a file as a unified diff, which `git apply` and `patch -p1` take."""
    old, new = (_with_end(each.splitlines(keepends=True)) for each in (before, after))
    return "".join(difflib.unified_diff(old, new, f"a/{path}", f"b/{path}"))


def _with_end(lines: list[str]) -> list[str]:
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n\\ No newline at end of file\n"
    return lines
