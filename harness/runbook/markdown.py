"""Converts Markdown to a flat sequence of blocks (`harness.runbook.blocks`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from markdown_it import MarkdownIt
from mdit_py_plugins.admon import admon_plugin
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from harness.runbook import front_matter
from harness.runbook.blocks import Block, Code, FrontMatter, Heading, Other, Paragraph, Rule, Structure, Table
from harness.runbook.inline import MARK, Span, spans, text_of
from harness.runbook.markup import TAB, as_markdown
from harness.runbook.nodes import Node, tree

_WARNING = re.compile(
    r"\W*(?:warning|caution|danger|attention|error|failure|fail|bug|critical|stop)s?(?![\w-])|⚠|🚫|❌|⛔|🛑", re.I
)
_LABEL = re.compile(r"\W*\w+\W*(?:$|:|\])|\[!\w+\]|[⚠🚫❌⛔🛑]")


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a Markdown text in document order, then each line that belongs to no block as `Other`."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    front = front_matter.length(lines)
    converted = [*_as_yaml(lines[:front]), *as_markdown(lines[front:])]
    tokens = _markdown(front_matter=front > 0).parse("\n".join(converted))
    seen: set[int] = set()
    for block in _Walk(lines, converted).children(tree(tokens), _Inside()):
        seen.update(range(block.line, block.last + 1))
        yield block
    for number, line in enumerate(lines, start=1):
        if line.strip(" \t>") and number not in seen:
            yield Other(number, number, text=line.strip())


def _as_yaml(front: list[str]) -> list[str]:
    """Front matter between the only delimiters that the parser knows."""
    return ["---", *front[1:-1], "---"] if front else []


@cache
def _markdown(*, front_matter: bool) -> MarkdownIt:
    """The parser, which keeps no state between documents."""
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    markdown.use(admon_plugin).use(container_plugin, "admonition", validate=lambda info, _: bool(info.strip()))
    return markdown.use(front_matter_plugin) if front_matter else markdown


def _without_checkbox(parts: tuple[Span, ...]) -> tuple[Span, ...]:
    if not parts or not parts[0].text.startswith("["):
        return parts
    return (parts[0]._replace(text=re.sub(r"^\[[ xX]\]\s+", "", parts[0].text)), *parts[1:])


@dataclass(frozen=True)
class _Inside:
    """What is around a block: lists, a quote or admonition, the mark above it, and the warning that contains it."""

    depth: int = 0
    quoted: bool = False
    mark: str = ""
    manual: str = ""


class _Walk:
    """Converts the syntax tree to blocks."""

    def __init__(self, lines: list[str], converted: list[str]) -> None:
        """`lines` as written, and `converted` to the Markdown that was parsed."""
        self._lines, self._converted = lines, converted

    def children(self, nodes: Sequence[Node], inside: _Inside) -> Iterator[Block]:
        """The blocks of nodes; a mark is that of the block behind it, and of tabs only the first one runs."""
        mark, first_tab = "", None
        for child in nodes:
            first_tab = (first_tab or child) if _is_tab(child) else None
            if first_tab not in (None, child):
                yield from self._block(child, replace(inside, manual=inside.manual or self._beside(first_tab)))
                continue
            found = MARK.fullmatch(child.token.content.strip()) if child.type == "html_block" else None
            if found:
                mark = found[1]
                yield Structure(*self._place(child))
            else:
                yield from self._block(child, replace(inside, mark=mark) if mark else inside)
                mark = ""

    def _beside(self, tab: Node | None) -> str:
        assert tab is not None
        return f"it is in a tab beside the first one (line {self._place(tab)[0]})"

    def _block(self, node: Node, inside: _Inside) -> Iterator[Block]:
        if node.type in ("bullet_list", "ordered_list"):
            for item in node.children:
                yield from self._item(item, replace(inside, depth=inside.depth + 1))
        elif node.type == "blockquote":
            yield from self._quote(node, inside)
        elif node.type in ("admonition", "container_admonition"):
            yield from self._admonition(node, inside)
        elif node.type == "table":
            yield from self._table(node, inside)
        else:
            yield self._leaf(node, inside)

    def _item(self, item: Node, inside: _Inside) -> Iterator[Block]:
        found = list(self.children(item.children, inside))
        if found and isinstance(found[0], Paragraph):
            found[0] = replace(found[0], bullet=True, parent=len(found) > 1, spans=_without_checkbox(found[0].spans))
        yield from found

    def _quote(self, node: Node, inside: _Inside) -> Iterator[Block]:
        """A quote whose first words are a label such as `**Warning:**` or `[!WARNING]` is an admonition."""
        found = list(self.children(node.children, replace(inside, quoted=True)))
        first = found[0] if found and isinstance(found[0], Paragraph) else None
        label = _LABEL.match(_first_words(first)) if first else None
        warning = _warning(label[0], node) if label else ""
        yield from (replace(block, manual=block.manual or warning) for block in found)

    def _admonition(self, node: Node, inside: _Inside) -> Iterator[Block]:
        """`!!! warning "Title"` or `:::warning Title`, and what is in it."""
        line, _ = self._place(node)
        title = " ".join(node.token.info.split()[1:]).strip('"')
        if title:
            yield Paragraph(line, line, inside.depth, (Span(line, title),), quoted=True, mark=inside.mark)
        else:
            yield Structure(line, line)
        end = (node.token.map or (0, line))[1]
        if end < len(self._lines) and self._converted[end].strip().startswith(":::"):
            yield Structure(end + 1, end + 1)
        within = replace(inside, quoted=True, manual=inside.manual or _warning(node.token.info, node))
        body = [child for child in node.children if child.type != "admonition_title"]
        for child in body:
            yield from self._block(child, within)

    def _leaf(self, node: Node, inside: _Inside) -> Block:
        line, last = self._place(node)
        depth, mark, manual = inside.depth, inside.mark, inside.manual
        match node.type:
            case "heading":
                return Heading(line, last, depth, int(node.token.tag[1]), text_of(self._spans(node)), mark=mark)
            case "paragraph":
                mark = self._mark_in(node) or mark
                return Paragraph(line, last, depth, self._spans(node), quoted=inside.quoted, mark=mark, manual=manual)
            case "fence" | "code_block":
                return replace(self._code(node, depth), mark=mark, manual=manual)
            case "hr":
                return Rule(line, last, depth)
            case "front_matter":
                value = front_matter.value_of
                alert = value(node.token.content, "alert", "alertname", "alert_name", "alert-name")
                title, severity = value(node.token.content, "title"), value(node.token.content, "severity", "priority")
                return FrontMatter(line, last, title=title, alert=alert, severity=severity)
        return Other(line, last, depth, "\n".join(self._lines[line - 1 : last]))

    def _place(self, node: Node) -> tuple[int, int]:
        """First and last line, without the blank lines that a parser may count in."""
        first, end = node.token.map or (0, 0)
        while end > first + 1 and not self._lines[end - 1].strip(" \t>"):
            end -= 1
        return first + 1, max(end, first + 1)

    def _spans(self, node: Node) -> tuple[Span, ...]:
        if not node.children:
            return ()
        inline = node.children[0].token
        return spans(inline, (inline.map or (0, 0))[0] + 1)

    def _mark_in(self, node: Node) -> str:
        found = MARK.search(node.children[0].token.content) if node.children else None
        return found[1] if found else ""

    def _code(self, node: Node, depth: int) -> Code:
        line, last = self._place(node)
        text = node.token.content.removesuffix("\n")
        if node.type == "code_block":
            return Code(line, last, depth, line, "", text)
        closing = self._converted[last - 1].strip(" \t>")
        closed = last > line and set(closing) == set(node.token.markup[0]) and len(closing) >= len(node.token.markup)
        return Code(line, last, depth, line + 1, _language(node.token.info), text, closed)

    def _table(self, node: Node, inside: _Inside) -> Iterator[Block]:
        """The table, then as `Other` each row with more cells than the header: Markdown drops the extra cells."""
        line, last = self._place(node)
        depth = inside.depth
        header, *rows = (self._row(row, inside) for part in node.children for row in part.children)
        spilled = [row for row in rows if len(_cells(self._lines[row[0].line - 1])) > len(header)]
        names = tuple(cell.text for cell in header)
        kept = tuple(row for row in rows if row not in spilled)
        yield Table(line, last, depth, names, kept, mark=inside.mark, manual=inside.manual)
        for row in spilled:
            why = f"a table row with more cells than its header has ({len(header)}): write a pipe in a cell as \\|"
            yield Other(row[0].line, row[0].line, depth, self._lines[row[0].line - 1].strip(), why)

    def _row(self, row: Node, inside: _Inside) -> tuple[Paragraph, ...]:
        line, last = self._place(row)
        mark = next((found for cell in row.children if (found := self._mark_in(cell))), inside.mark)
        return tuple(
            Paragraph(line, last, inside.depth, self._spans(cell), bullet=True, mark=mark, manual=inside.manual)
            for cell in row.children
        )


def _is_tab(node: Node) -> bool:
    return node.type in ("admonition", "container_admonition") and node.token.info.split()[:1] == [TAB]


def _language(info: str) -> str:
    """The language of a fence: the first name in its info string (`bash,ignore`, `{.sh #id}`, `bash{1,3}`)."""
    found = re.search(r"(?<![\w#])[a-z][\w+-]*(?![\w+-]*\s*=)", re.sub(r"#[\w-]+", "", info), re.I)
    return found[0].lower() if found else ""


def _first_words(paragraph: Paragraph) -> str:
    """The bold text at the beginning of a paragraph, otherwise its first line."""
    first = paragraph.spans[:1]
    return text_of(first if first and first[0].strong else [s for s in paragraph.spans if s.line == paragraph.line])


def _warning(label: str, node: Node) -> str:
    """Why the content of an admonition with this label is left to a person; "" for a note."""
    line = (node.token.map or (0, 0))[0] + 1
    word = label.strip("*_[]!: ").split()[0].strip("*_[]!:")
    return f'it is in a warning "{word}" (line {line})' if _WARNING.match(label) else ""


def _cells(row: str) -> list[str]:
    inside = row.strip().removeprefix("|")
    return re.split(r"(?<!\\)\|", inside[:-1] if inside.endswith("|") and not inside.endswith("\\|") else inside)
