"""The difference of two texts as a patch that `git apply` takes: no byte of the unchanged lines differs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

CONTEXT = 3
"""Unchanged lines around each change."""
_NO_NEWLINE = "\n\\ No newline at end of file\n"
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n"}
_QUOTED = re.compile(r'["\\\x00-\x1f\x7f]')


def git_patch(path: PurePosixPath, before: str, after: str) -> str:
    """The patch of a file, whose path is relative to the folder in which it is applied; "" without a difference.

    A line ends with a newline only, as for git: a carriage return belongs to its line. Source: git-diff(1), "Generating
    patch text with -p".
    """
    if before == after:
        return ""
    old, new = _name(f"a/{path}"), _name(f"b/{path}")
    head = f"diff --git {old} {new}\n--- {_named(old)}\n+++ {_named(new)}\n"
    return head + "".join(_hunks(before, after))


def _hunks(before: str, after: str) -> Iterator[str]:
    old, new = _lines(before), _lines(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for group in matcher.get_grouped_opcodes(CONTEXT):
        (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
        yield f"@@ -{_range(i1, i2)} +{_range(j1, j2)} @@\n"
        for tag, low, high, first, last in group:
            if tag == "equal":
                yield from _signed(" ", old[low:high])
            else:
                yield from _signed("-", old[low:high])
                yield from _signed("+", new[first:last])


def _range(start: int, stop: int) -> str:
    """Line numbers of a hunk, from 1; those of an empty one are of the line before it."""
    return f"{start + 1 if stop > start else start},{stop - start}"


def _signed(sign: str, lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield sign + (line if line.endswith("\n") else line + _NO_NEWLINE)


def _lines(text: str) -> list[str]:
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    return lines if lines[-1] else lines[:-1]


def _name(path: str) -> str:
    """A path as git writes it: in quotes, with escapes, where it has signs that would end it."""
    if not _QUOTED.search(path):
        return path
    escaped = _QUOTED.sub(lambda found: _ESCAPES.get(found[0], f"\\{ord(found[0]):03o}"), path)
    return f'"{escaped}"'


def _named(name: str) -> str:
    """A name behind `---`: a tab ends one that has blanks."""
    return f"{name}\t" if " " in name else name
