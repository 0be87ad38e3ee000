"""Shared by the section parsers: iterates the items of a section, and reports blocks that are not understood."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from harness.model import Part, Unread
from harness.runbook.blocks import Block, Code, Heading, Other, Paragraph, Table
from harness.runbook.inline import Span

PROSE = "prose: nothing to run"


def unread(block: Block, why: str) -> Unread:
    """The whole block as text that was not understood."""
    match block:
        case Paragraph() | Heading():
            return Unread(block.line, block.text, why)
        case Other():
            return Unread(block.line, block.text, block.why)
        case Code() if block.first > block.line:
            return Unread(block.line, f"```{block.lang}\n{block.text}\n```", why)
        case Code():
            return Unread(block.line, block.text, why)
        case Table():
            rows = [block.header, *(tuple(cell.text for cell in row) for row in block.rows)]
            return Unread(block.line, "\n".join(" | ".join(row) for row in rows), why)
    return Unread(block.line, "", why)


def each(blocks: Iterable[Block], read: Callable[[Paragraph], Iterable[Part]], what: str) -> Iterator[Part]:
    """Parse each item (list item, table row, standalone paragraph) with `read`; every other block becomes Unread."""
    for block in blocks:
        match block:
            case Paragraph() if not block.text:
                continue
            case Paragraph() if not is_item(block):
                yield unread(block, PROSE)
            case Paragraph():
                yield from read(block)
            case Table():
                yield from chain.from_iterable(read(row_as_paragraph(row)) for row in block.rows)
            case Code():
                yield unread(block, f"a code block among {what}")
            case _:
                yield unread(block, f"among {what}: {PROSE}")


def is_item(paragraph: Paragraph) -> bool:
    """Whether this is a list item, or a standalone paragraph that does not introduce the next block."""
    return paragraph.bullet or not (paragraph.quoted or paragraph.depth or paragraph.text.endswith(":"))


def row_as_paragraph(row: Sequence[Paragraph]) -> Paragraph:
    """A table row as one item: "Grafana: Latency" for two cells, cells separated by " | " for more."""
    between = ": " if len(row) == 2 else " | "
    spans = [span for cell in row for span in (Span(cell.line, between), *cell.spans)]
    first = row[0]
    return replace(first, spans=tuple(spans[1:]), bullet=True, parent=False, quoted=False)
