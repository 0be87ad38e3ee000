"""Converts inline Markdown to spans of text, each with the source line on which it begins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from markdown_it.token import Token

MARK = re.compile(r"<!--\s*gameday:\s*(skip|run)\s*-->")
"""A mark takes the block behind it out of the steps, or into them."""
_BLANKS = re.compile(r"\s{2,}")


class Span(NamedTuple):
    """A piece of text; inline code keeps its backticks in `text`, and has its content in `code`."""

    line: int
    text: str
    code: str | None = None
    strong: bool = False
    struck: bool = False
    manual: str = ""
    """Why the command in it is left to a person, whatever the words beside it; "" where those decide."""


def spans(inline: Token, line: int) -> tuple[Span, ...]:
    """The spans of an inline token that begins on `line` (1-based). Removes emphasis, keeps links and code."""
    reader = _Reader(inline.content, line)
    for child in inline.children or []:
        reader.take(child)
    return tuple(span for span in reader.found if span.text)


def text_of(parts: Sequence[Span]) -> str:
    """The spans as one line of text."""
    return " ".join("".join([span.text for span in parts]).split())


def without_edges(parts: Sequence[Span], edges: str) -> tuple[Span, ...]:
    """The spans without leading and trailing spaces and `edges` characters, and without empty spans."""
    kept = list(parts)
    while kept and kept[0].code is None and not kept[0].text.strip(edges + " "):
        kept.pop(0)
    while kept and kept[-1].code is None and not kept[-1].text.strip(edges + " "):
        kept.pop()
    if kept and kept[0].code is None:
        kept[0] = kept[0]._replace(text=kept[0].text.lstrip(edges + " "))
    if kept and kept[-1].code is None:
        kept[-1] = kept[-1]._replace(text=kept[-1].text.rstrip(edges + " "))
    return tuple(kept)


class _Reader:
    """Converts the children of one inline token to spans, counting source lines."""

    def __init__(self, source: str, line: int) -> None:
        self.found: list[Span] = []
        self._source = source
        self._line = line
        self._at = 0
        self._strong = 0
        self._struck = 0
        self._html_code: list[str] | None = None
        self._links: list[tuple[str, int]] = []

    def take(self, token: Token) -> None:
        if token.type == "html_inline":
            self._html(token.content)
        elif self._html_code is not None:
            self._html_code.append(token.content)
        elif token.type in ("strong_open", "strong_close"):
            self._strong += token.nesting
        elif token.type in ("s_open", "s_close"):
            self._struck += token.nesting
        elif token.type in ("softbreak", "hardbreak"):
            self._add(" ")
            self._line += 1
        elif token.type == "code_inline":
            self._add(f"{token.markup}{token.content}{token.markup}", token.content)
            self._line += self._newlines_in_code(token.markup)
        elif token.type == "link_open":
            self._links.append((str(token.attrs.get("href", "")), len(self.found)))
        elif token.type == "link_close":
            self._link(*self._links.pop())
        elif token.type == "image":
            self._add(f"![{token.content}]({token.attrs.get('src', '')})")
        else:
            self._add(token.content)
            self._line += token.content.count("\n")

    def _add(self, text: str, code: str | None = None) -> None:
        """Add a span. A row of blanks is one blank, as in the rendered document: patterns try each blank of a row."""
        if code is None:
            text = _BLANKS.sub(" ", text)
        self.found.append(Span(self._line, text, code, self._strong > 0, self._struck > 0))

    def _html(self, tag: str) -> None:
        """`<code>` is inline code, `<del>` and `<s>` are struck through; a mark is no text, any other tag is."""
        name = re.sub(r"[<>\s]|/$", "", tag).lower()
        if name == "code":
            self._html_code = []
        elif name == "/code" and self._html_code is not None:
            code = "".join(self._html_code)
            self._html_code = None
            self._add(f"`{code}`", code)
        elif re.fullmatch(r"/?(del|s|strike)", name):
            self._struck = max(0, self._struck + (-1 if name.startswith("/") else 1))
        elif not MARK.fullmatch(tag):
            self._add(" " if name == "br" else tag)
            self._line += tag.count("\n")

    def _newlines_in_code(self, ticks: str) -> int:
        """The newlines in an inline code span, which CommonMark replaces by spaces."""
        if "\n" not in self._source:
            return 0
        span = re.compile(rf"(?<!`){ticks}(?!`)(.+?)(?<!`){ticks}(?!`)", re.DOTALL).search(self._source, self._at)
        if span is None:
            return 0
        self._at = span.end()
        return span[0].count("\n")

    def _link(self, href: str, first: int) -> None:
        if text_of(self.found[first:]) in (href, href.removeprefix("mailto:")):
            return
        self.found.insert(first, Span(self.found[first].line if first < len(self.found) else self._line, "["))
        self._add(f"]({href})")
