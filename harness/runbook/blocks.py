"""The blocks of a Markdown document, each with its first and last line (1-based, as in the file)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from harness.runbook.inline import Span, text_of


@dataclass(frozen=True)
class Block:
    """A Markdown block from `line` to `last`; `depth` is the number of lists around it."""

    line: int
    last: int
    depth: int = 0
    mark: str = field(default="", kw_only=True)
    """`skip` or `run` where a mark says so, or ""."""
    manual: str = field(default="", kw_only=True)
    """Why its commands and toggles are left to a person, or ""."""
    case: str | None = field(default=None, kw_only=True)
    """Why its commands that change something are left to a person, or ""; None where no such words count."""


@dataclass(frozen=True)
class Heading(Block):
    """A heading of level 1 to 6, or a bold paragraph used as a heading (level 7)."""

    level: int = 7
    text: str = ""


@dataclass(frozen=True)
class Paragraph(Block):
    """A paragraph. `bullet`: first of a list item; `parent`: of an item with further blocks; `quoted`: in a quote."""

    spans: tuple[Span, ...] = ()
    bullet: bool = False
    parent: bool = False
    quoted: bool = False

    @cached_property
    def text(self) -> str:
        return text_of(self.spans)


@dataclass(frozen=True)
class Code(Block):
    """A fenced or indented code block. `first` is the line of its first content line, `lang` the fence's language."""

    first: int = 0
    lang: str = ""
    text: str = ""
    closed: bool = True
    output: str = ""
    """Why it is the output of a command, or ""."""
    mixed: bool = False
    """Whether output may stand between its commands: nothing in it says which lines are typed."""


@dataclass(frozen=True)
class Table(Block):
    """A table: the texts of the header, and the cells of each row."""

    header: tuple[str, ...] = ()
    rows: tuple[tuple[Paragraph, ...], ...] = ()


@dataclass(frozen=True)
class Rule(Block):
    """A thematic break."""


@dataclass(frozen=True)
class Structure(Block):
    """Lines that belong to the blocks around them: a mark, the edges of an admonition."""


@dataclass(frozen=True)
class FrontMatter(Block):
    """Front matter; `title` is its title, `alert` the name of an alert in it, `severity` as it is stated, or ""."""

    title: str = ""
    alert: str = ""
    severity: str = ""


@dataclass(frozen=True)
class Other(Block):
    """Any other block, as source text, and why it is not parsed."""

    text: str = ""
    why: str = "not text, a list, a table or code"
