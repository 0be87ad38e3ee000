"""Elastic tab stops like Go's text/tabwriter: adjacent lines share the width of a column."""

from __future__ import annotations

from collections.abc import Sequence


def expand(text: str, *, min_width: int = 0, padding: int = 2) -> str:
    """Replace tabs by padding; a column is a sequence of adjacent lines with a tab-terminated cell at that position."""
    lines = [line.split("\t") for line in text.split("\n")]
    widths: list[list[int]] = [[0] * (len(cells) - 1) for cells in lines]
    for start in range(len(lines)):
        for column in range(len(widths[start])):
            if widths[start][column] == 0:
                _measure(lines, widths, start, column, min_width, padding)
    return "\n".join(_line(cells, width) for cells, width in zip(lines, widths, strict=True))


def _measure(
    lines: Sequence[Sequence[str]], widths: list[list[int]], start: int, column: int, least: int, padding: int
) -> None:
    """Measure one column: the lines from `start` on with a tab-terminated cell at `column`."""
    end = start
    while end < len(lines) and len(widths[end]) > column:
        end += 1
    longest = max(len(lines[row][column]) for row in range(start, end))
    width = max(longest + padding, least)
    for row in range(start, end):
        widths[row][column] = width


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
    return "".join(padded) + cells[-1]
