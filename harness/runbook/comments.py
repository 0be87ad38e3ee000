"""Finds the comment that governs each command of a block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def comments_above(lines: Sequence[str], commands: Mapping[int, int]) -> dict[int, tuple[int, str]]:
    """The comment above each command, with its row: (row, text) by the command's row. Rows are 0-based.

    `commands` has the number of rows of each command. A comment governs the commands below it up to a blank line; one
    with a blank line below it governs up to the next comment.
    """
    found: dict[int, tuple[int, str]] = {}
    comment: tuple[int, str] | None = None
    row, ends_at_blank = 0, False
    while row < len(lines):
        line = lines[row].strip()
        if row in commands:
            found |= {row: comment} if comment else {}
            ends_at_blank = ends_at_blank or _is_comment(lines[row - 1]) if row else False
            row += commands[row] - 1
        elif _is_comment(line):
            joins = comment is not None and row and _is_comment(lines[row - 1])
            comment = (comment[0], f"{comment[1]} {_text(line)}") if comment and joins else (row, _text(line))
            ends_at_blank = False
        elif not line and ends_at_blank:
            comment = None
        row += 1
    return found


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#") and not line.startswith("#!")


def _text(comment: str) -> str:
    return " ".join(comment.strip("#-=*~ \t").split())
