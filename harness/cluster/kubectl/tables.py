"""kubectl's tables: a header, columns three spaces apart, widths that a watch keeps."""

from __future__ import annotations

from collections.abc import Sequence

PADDING, LEAST = 3, 6


class Table:
    """Formats rows below one header; later rows keep the widths of earlier ones."""

    def __init__(self, *, headers: bool = True) -> None:
        self._headers, self._widths = headers, list[int]()

    def lines(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
        """The header (once, unless switched off) and the rows. The last cell of a row is not padded."""
        shown = ([header] if self._headers else []) + [[_one_line(cell) for cell in row] for row in rows]
        self._headers = False
        for row in shown:
            self._measure(row)
        return [
            "".join(cell.ljust(width) for cell, width in zip(row[:-1], self._widths, strict=False)) + row[-1]
            for row in shown
        ]

    def _measure(self, row: Sequence[str]) -> None:
        self._widths += [LEAST] * (len(row) - 1 - len(self._widths))
        for at, cell in enumerate(row[:-1]):
            self._widths[at] = max(self._widths[at], len(cell) + PADDING)


def _one_line(cell: str) -> str:
    return cell.split("\n", maxsplit=1)[0]
