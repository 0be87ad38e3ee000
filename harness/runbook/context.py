"""Decides for the blocks of a section whether the text above them leaves their commands to a person.

What governs a block: the headings above it, the list item that contains it, the paragraph directly above it, the
other cells of its table row, an admonition around it, and the marks `<!-- gameday: skip -->` and
`<!-- gameday: run -->`, of which the nearest wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from harness.runbook.blocks import Block, Code, Heading, Paragraph, Table
from harness.runbook.headings import is_admonition
from harness.runbook.wording import COMMAND, above, announces_output

SKIPPED = "`<!-- gameday: skip -->` is above it"


def said(words: str, line: int) -> str:
    """The reason for words of the document; "" without words."""
    return f'"{words}" (line {line})' if words else ""


def governed(headings: Sequence[Heading], blocks: Iterable[Block]) -> list[Block]:
    """The blocks of a section below these headings, each with its mark and with why it is left to a person."""
    context = _Context()
    for heading in headings:
        context.enter(heading)
    return [context.take(block) for block in blocks]


@dataclass(frozen=True)
class _Decision:
    """What a heading, a list item or a paragraph says about the blocks below it."""

    level: int
    """Level of the heading, or number of lists around the item or paragraph."""
    mark: str
    manual: str
    lists: bool = False
    """Whether a paragraph introduces lists and tables too: it ends with a colon."""
    output: bool = False
    """Whether it introduces the output of a command."""
    over: bool = False
    """Whether the list that a paragraph introduces has begun, so that code behind the list is not meant."""


class _Context:
    """Reads blocks in order, and remembers what governs the next one."""

    def __init__(self) -> None:
        self._headings: list[_Decision] = []
        self._items: list[_Decision] = []
        self._leads: list[_Decision] = []

    def enter(self, heading: Heading) -> None:
        """Take a heading: it governs until the next one of its level."""
        self._headings = [each for each in self._headings if each.level < heading.level]
        manual = said(above(heading.text), heading.line)
        self._headings.append(_Decision(heading.level, heading.mark, manual, output=announces_output(heading.text)))
        self._items, self._leads = [], []

    def take(self, block: Block) -> Block:
        """The block with what governs it."""
        if isinstance(block, Heading):
            self.enter(block)
            return block
        bullet = isinstance(block, Paragraph) and block.bullet
        depth = block.depth
        self._items = [item for item in self._items if item.level < depth or (item.level == depth and not bullet)]
        self._leads = [replace(lead, over=depth > lead.level) for lead in self._leads if _leads_to(lead, block)]
        decided = _decided(block, [*self._headings, *self._items, *self._leads])
        if isinstance(decided, Code) and decided.mark != "run" and self._announces_output(depth):
            decided = replace(decided, output="output, by the words above it")
        if isinstance(block, Paragraph):
            (self._items if bullet else self._leads).append(_introduction(block))
        return decided

    def _announces_output(self, depth: int) -> bool:
        """Whether what stands nearest above the code introduces output."""
        item = [each for each in self._items if each.level == depth]
        nearest = [*self._headings[-1:], *item[-1:], *self._leads[-1:]]
        return bool(nearest) and nearest[-1].output


def _leads_to(lead: _Decision, block: Block) -> bool:
    """Whether a paragraph introduces a block: code below it, and behind its colon a list or table."""
    if block.depth > lead.level:
        return lead.lists
    same = block.depth == lead.level and not lead.over
    return same and (isinstance(block, Code) or (lead.lists and isinstance(block, Table)))


def _introduction(paragraph: Paragraph) -> _Decision:
    text, colon = with_commands_as_signs(paragraph), paragraph.text.endswith(":")
    about_its_own = COMMAND in text and not colon and not paragraph.bullet
    words = above(text, remark=paragraph.quoted or about_its_own or is_remark(paragraph.text))
    output = announces_output(paragraph.text)
    return _Decision(paragraph.depth, paragraph.mark, said(words, paragraph.line), lists=colon, output=output)


def _decided(block: Block, around: Sequence[_Decision]) -> Block:
    mark = block.mark or next((each.mark for each in reversed(around) if each.mark), "")
    manual = block.manual or next((each.manual for each in reversed(around) if each.manual), "")
    reason = {"skip": SKIPPED, "run": ""}.get(mark, manual)
    if isinstance(block, Table):
        return replace(block, mark=mark, manual=reason, rows=tuple(_rows(block, mark, reason)))
    return replace(block, mark=mark, manual=reason)


def is_remark(text: str) -> bool:
    """Whether a paragraph is a note to the reader beside the steps ("Warning: …")."""
    return is_admonition(text.partition(":")[0].strip("*_ "))


def with_commands_as_signs(paragraph: Paragraph) -> str:
    """The text of a paragraph with a sign in place of each inline code, as `wording` takes it."""
    return "".join(span.text if span.code is None else COMMAND for span in paragraph.spans)


def _rows(table: Table, mark: str, reason: str) -> Iterator[tuple[Paragraph, ...]]:
    for row in table.rows:
        words = next((words for cell in row if not _has_code(cell) and (words := above(cell.text))), "")
        own = row[0].mark or mark
        written = row[0].manual or reason or said(words, row[0].line)
        manual = {"skip": SKIPPED, "run": ""}.get(own, written)
        yield tuple(replace(_in_column(cell, table, at), mark=own, manual=manual) for at, cell in enumerate(row))


def _has_code(cell: Paragraph) -> bool:
    return any(span.code is not None for span in cell.spans)


def _in_column(cell: Paragraph, table: Table, at: int) -> Paragraph:
    """The cell; the head of its column governs its code ("Don't")."""
    words = above(table.header[at]) if at < len(table.header) else ""
    spans = (replace(span, manual=said(words, table.line)) if span.code else span for span in cell.spans)
    return replace(cell, spans=tuple(spans)) if words else cell
