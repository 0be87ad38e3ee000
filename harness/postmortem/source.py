"""The text of a document by lines, as its parser counts them, and where a part of it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Line:
    """One line: the offset of its first character in the text, its characters, and its end ("" for the last line)."""

    start: int
    text: str
    end: str

    @property
    def stop(self) -> int:
        """Offset of its end."""
        return self.start + len(self.text)


@dataclass(frozen=True)
class Source:
    """A document's text, with its line ends and byte order mark."""

    text: str

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Its lines; the first one has the number 1 and the index 0."""
        return tuple(self._lines())

    def _lines(self) -> Iterator[Line]:
        start = 0
        for end in _END.finditer(self.text):
            yield Line(start, self.text[start : end.start()], end[0])
            start = end.end()
        yield Line(start, self.text[start:], "")

    @cached_property
    def line_end(self) -> str:
        """The line end that it uses first; a newline for a text of one line."""
        return self.lines[0].end or "\n"

    def line(self, number: int) -> Line | None:
        """A line by its number, from 1."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else None

    def spots(self, number: int, text: str) -> tuple[int, ...] | None:
        """Offsets of the lines of a command, each without the blanks around it; None where one is not exactly there.

        Markdown takes away the indentation of a list and the signs of a quote, so each line is looked up by itself.
        """
        found = []
        for at, piece in enumerate(text.split("\n")):
            line, wanted = self.line(number + at), piece.strip()
            if line is None or not wanted or line.text.count(wanted) != 1:
                return None
            found.append(line.start + line.text.index(wanted))
        return tuple(found)
