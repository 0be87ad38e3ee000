"""Converts Markdown to a flat sequence of blocks, each with its first and last line (1-based, as in the file)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import yaml
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.front_matter import front_matter_plugin

from harness.runbook.inline import Span, spans, text_of


@dataclass(frozen=True)
class Block:
    """A Markdown block from `line` to `last`; `depth` is the number of lists around it."""

    line: int
    last: int
    depth: int = 0


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

    @property
    def text(self) -> str:
        return text_of(self.spans)


@dataclass(frozen=True)
class Code(Block):
    """A fenced or indented code block. `first` is the line of its first content line, `lang` the fence's language."""

    first: int = 0
    lang: str = ""
    text: str = ""
    closed: bool = True


@dataclass(frozen=True)
class Table(Block):
    """A table: the texts of the header, and the cells of each row."""

    header: tuple[str, ...] = ()
    rows: tuple[tuple[Paragraph, ...], ...] = ()


@dataclass(frozen=True)
class Rule(Block):
    """A thematic break."""


@dataclass(frozen=True)
class FrontMatter(Block):
    """YAML front matter; `title` is its title, or ""."""

    title: str = ""


@dataclass(frozen=True)
class Other(Block):
    """Any other block, as source text, and why it is not parsed."""

    text: str = ""
    why: str = "not text, a list, a table or code"


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a Markdown text in document order, then each line that belongs to no block as `Other`."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    markdown = MarkdownIt("commonmark").enable("table")
    if _has_front_matter(lines):
        markdown.use(front_matter_plugin)
    seen: set[int] = set()
    for block in _Walk(lines).children(SyntaxTreeNode(markdown.parse("\n".join(lines)))):
        seen.update(range(block.line, block.last + 1))
        yield block
    for number, line in enumerate(lines, start=1):
        if line.strip(" \t>") and number not in seen:
            yield Other(number, number, text=line.strip())


def _without_checkbox(parts: tuple[Span, ...]) -> tuple[Span, ...]:
    return (replace(parts[0], text=re.sub(r"^\[[ xX]\]\s+", "", parts[0].text)), *parts[1:]) if parts else ()


def _has_front_matter(lines: list[str]) -> bool:
    """Whether the text begins with a YAML mapping between `---` lines, not with a thematic break."""
    if lines[0].rstrip() != "---" or "---" not in (line.rstrip() for line in lines[1:]):
        return False
    inside = lines[1 : [line.rstrip() for line in lines].index("---", 1)]
    if any(line.startswith("#") for line in inside):
        return False
    try:
        return isinstance(yaml.safe_load("\n".join(inside)), dict)
    except yaml.YAMLError:
        return False


class _Walk:
    """Converts the syntax tree to blocks."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def children(self, node: SyntaxTreeNode, depth: int = 0, quoted: bool = False) -> Iterator[Block]:
        for child in node.children:
            yield from self._block(child, depth, quoted)

    def _block(self, node: SyntaxTreeNode, depth: int, quoted: bool) -> Iterator[Block]:
        if node.type in ("bullet_list", "ordered_list"):
            for item in node.children:
                yield from self._item(item, depth + 1, quoted)
        elif node.type == "blockquote":
            yield from self.children(node, depth, quoted=True)
        elif node.type == "table":
            yield from self._table(node, depth)
        else:
            yield self._leaf(node, depth, quoted)

    def _item(self, item: SyntaxTreeNode, depth: int, quoted: bool) -> Iterator[Block]:
        inside = list(self.children(item, depth, quoted))
        if inside and isinstance(inside[0], Paragraph):
            inside[0] = replace(
                inside[0], bullet=True, parent=len(inside) > 1, spans=_without_checkbox(inside[0].spans)
            )
        yield from inside

    def _leaf(self, node: SyntaxTreeNode, depth: int, quoted: bool) -> Block:
        line, last = self._place(node)
        match node.type:
            case "heading":
                return Heading(line, last, depth, int(node.tag[1]), text_of(self._spans(node)))
            case "paragraph":
                return Paragraph(line, last, depth, self._spans(node), quoted=quoted)
            case "fence" | "code_block":
                return self._code(node, depth)
            case "hr":
                return Rule(line, last, depth)
            case "front_matter":
                return FrontMatter(line, last, title=str(yaml.safe_load(node.content).get("title") or ""))
        return Other(line, last, depth, "\n".join(self._lines[line - 1 : last]))

    def _place(self, node: SyntaxTreeNode) -> tuple[int, int]:
        """First and last line, without the blank lines that a parser may count in."""
        first, end = node.map or (0, 0)
        while end > first + 1 and not self._lines[end - 1].strip(" \t>"):
            end -= 1
        return first + 1, max(end, first + 1)

    def _spans(self, node: SyntaxTreeNode) -> tuple[Span, ...]:
        if not node.children or node.children[0].token is None:
            return ()
        inline = node.children[0]
        return spans(inline.token, (inline.map or (0, 0))[0] + 1) if inline.token else ()

    def _code(self, node: SyntaxTreeNode, depth: int) -> Code:
        line, last = self._place(node)
        text = node.content.removesuffix("\n")
        if node.type == "code_block":
            return Code(line, last, depth, line, "", text)
        lang = (node.info.strip().strip("{}. ").split() or [""])[0].lower()
        closing = self._lines[last - 1].strip(" \t>")
        closed = last > line and set(closing) == set(node.markup[0]) and len(closing) >= len(node.markup)
        return Code(line, last, depth, line + 1, lang, text, closed)

    def _table(self, node: SyntaxTreeNode, depth: int) -> Iterator[Block]:
        """The table, then as `Other` each row with more cells than the header: Markdown drops the extra cells."""
        line, last = self._place(node)
        header, *rows = (self._row(row, depth) for part in node.children for row in part.children)
        spilled = [row for row in rows if len(_cells(self._lines[row[0].line - 1])) > len(header)]
        names = tuple(cell.text for cell in header)
        yield Table(line, last, depth, names, tuple(row for row in rows if row not in spilled))
        for row in spilled:
            why = f"a table row with more cells than its header has ({len(header)}): write a pipe in a cell as \\|"
            yield Other(row[0].line, row[0].line, depth, self._lines[row[0].line - 1].strip(), why)

    def _row(self, row: SyntaxTreeNode, depth: int) -> tuple[Paragraph, ...]:
        line, last = self._place(row)
        return tuple(Paragraph(line, last, depth, self._spans(cell), bullet=True) for cell in row.children)


def _cells(row: str) -> list[str]:
    inside = row.strip().removeprefix("|")
    return re.split(r"(?<!\\)\|", inside[:-1] if inside.endswith("|") and not inside.endswith("\\|") else inside)
