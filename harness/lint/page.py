"""A Markdown document as the rules see it: its lines, headings, code blocks and prose, each with its place.

The scanner is linear and accepts any text. It knows as much Markdown as the rules need: front matter, headings,
fences in lists and quotes, indented code, HTML comments, inline code and links.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


class Place(NamedTuple):
    """Where something is: 1-based line and columns, `end` behind its last character."""

    line: int
    column: int = 1
    end: int = 0


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading. `level` 7 is a paragraph of bold text alone, which many documents use as one."""

    line: int
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A code block. `lines` is its content without the indentation of its list or quote, `columns` where each began."""

    line: int
    """Of the opening fence; of the first line of indented code."""
    first: int
    lang: str
    lines: tuple[str, ...]
    columns: tuple[int, ...]
    closed: bool = True
    fenced: bool = True
    note: str = ""
    """The rest of the line behind the language."""

    @property
    def last(self) -> int:
        """The last line of its content."""
        return self.first + len(self.lines) - 1


@dataclass(frozen=True, slots=True)
class Span:
    """Inline code."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with the lines up to the next heading of the same level or above, and whether they have content."""

    heading: Heading
    last: int
    empty: bool


@dataclass(frozen=True, eq=False)
class Page:
    """One document; equal to itself only, so that what is known of it can be kept."""

    path: str
    text: str
    lines: tuple[str, ...]
    headings: tuple[Heading, ...]
    blocks: tuple[Block, ...]
    kinds: str
    """One letter for each line: p prose, h heading, c code, m comment, f front matter, b blank."""

    @cached_property
    def prose(self) -> str:
        """The text with a line for every line, where lines that are no prose or heading are blank."""
        shown = (line if kind in "ph" else "" for line, kind in zip(self.lines, self.kinds, strict=True))
        return "\n".join(shown)

    @cached_property
    def words(self) -> str:
        """The prose without inline code, comments and addresses, which are blanks of the same length."""
        prose = self.prose
        if "<!--" in prose:  # a comment may span lines
            return _masked(prose)
        return "\n".join(_masked(line) if _may_mask(line) else line for line in prose.split("\n"))

    @cached_property
    def lower(self) -> str:
        """The text in small letters, in which rules look for a word before they try a pattern."""
        return self.text.lower()

    def has_any(self, *words: str) -> bool:
        """Whether the text has one of these words, given in small letters."""
        return any(word in self.lower for word in words)

    def lines_with(self, *words: str) -> list[int]:
        """The numbers of the lines with one of these words, given in small letters."""
        text, starts = self.lower, self._lower_starts
        found = set()
        for word in words:
            at = text.find(word)
            while at >= 0:
                line = bisect_right(starts, at)
                found.add(line)
                at = text.find(word, starts[line]) if line < len(starts) else -1
        return sorted(found)

    @cached_property
    def _lower_starts(self) -> list[int]:
        return _line_starts(self.lower)

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Inline code of prose."""
        found = _CODE_SPAN.finditer(self.prose)
        return tuple(Span(self.place(self.prose, each.start(2), each.end(2)), each[2]) for each in found)

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """Every heading with what it heads."""
        return tuple(_sections(self))

    def heading_above(self, line: int) -> Heading | None:
        """The nearest heading above a line."""
        at = bisect_right(self._heading_lines, line) - 1
        return self.headings[at] if at >= 0 else None

    @cached_property
    def _heading_lines(self) -> list[int]:
        return [heading.line for heading in self.headings]

    def matches(self, pattern: re.Pattern[str], text: str | None = None) -> Iterator[tuple[Place, re.Match[str]]]:
        """The matches of a pattern in the words of the prose, or in another text with the same lines."""
        within = self.words if text is None else text
        for found in pattern.finditer(within):
            yield self.place(within, found.start(), found.end()), found

    def place(self, within: str, start: int, end: int) -> Place:
        """The place of a range of `prose` or `words`, which have the same lines."""
        starts = self._starts(within)
        line = bisect_right(starts, start)
        return Place(line, start - starts[line - 1] + 1, end - starts[line - 1] + 1)

    def _starts(self, within: str) -> list[int]:
        if within is self.text:
            return self._text_starts
        return self._prose_starts if len(within) == len(self.prose) else _line_starts(within)

    @cached_property
    def _text_starts(self) -> list[int]:
        return _line_starts(self.text)

    @cached_property
    def _prose_starts(self) -> list[int]:
        return _line_starts(self.prose)


UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_CODE_SPAN = re.compile(r"`(?<!``)(`*)(?!`)([^\n]+?)(?<!`)`\1(?!`)")
_MASKED = re.compile(r"<!--.*?-->|`(?<!``)(`*)(?!`)[^\n]+?(?<!`)`\1(?!`)|https?://[^\s)>\]]+|\]\([^)\n]{0,500}\)", re.S)
"""Each alternative begins with a letter: then the engine looks for these letters only."""
_BLANK_OUT = re.compile(r"[^\n]")


def _masked(text: str) -> str:
    return _MASKED.sub(_blanks, text)


def _blanks(found: re.Match[str]) -> str:
    return _BLANK_OUT.sub(" ", found[0]) if "\n" in found[0] else " " * len(found[0])


def _may_mask(line: str) -> bool:
    return "`" in line or "](" in line or "://" in line


def _line_starts(text: str) -> list[int]:
    starts = [0]
    starts += [found.end() for found in re.finditer("\n", text)]
    return starts


def _sections(page: Page) -> Iterator[Section]:
    headings = page.headings
    open_: list[tuple[int, Heading]] = []
    ends = [len(page.lines)] * len(headings)
    for number, heading in enumerate(headings):
        while open_ and open_[-1][1].level >= heading.level:
            ends[open_.pop()[0]] = heading.line - 1
        open_.append((number, heading))
    for heading, end in zip(headings, ends, strict=True):
        body = page.kinds[heading.line : end]
        first = 1 if body.startswith("h") and _is_underline(page, heading) else 0
        yield Section(heading, end, not body[first:].replace("b", "").replace("m", ""))


def _is_underline(page: Page, heading: Heading) -> bool:
    return heading.line < len(page.lines) and bool(UNDERLINE.match(page.lines[heading.line]))
