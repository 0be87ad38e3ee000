"""Decides for the blocks of a section whether the text above them leaves their commands to a person.

What governs a block: the headings above it, the list item that contains it, the paragraph directly above it, the
other cells of its table row, an admonition around it, and the marks `<!-- gameday: skip -->` and
`<!-- gameday: run -->`, of which the nearest wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from harness.runbook.blocks import Block, Code, Heading, Paragraph, Table
from harness.runbook.cases import case_around, case_of
from harness.runbook.headings import is_admonition
from harness.runbook.inline import Span
from harness.runbook.roles import Effect, effect_of
from harness.runbook.wording import COMMAND, above, announces_output

_NAME = re.compile(r"[A-Z]{2}|[A-Za-z]_[A-Za-z]|=")
SKIPPED = "`<!-- gameday: skip -->` is above it"


def said(words: str, line: int) -> str:
    """The reason for words of the document; "" without words."""
    return f'"{words}" (line {line})' if words else ""


def governed(headings: Sequence[Heading], blocks: Iterable[Block], *, cases: bool = False) -> list[Block]:
    """The blocks of a section below these headings, each with its mark and with why it is left to a person.

    `cases`: whether a condition on the service, or an example, leaves what changes something to a person.
    """
    context = _Context(cases=cases)
    for heading in headings:
        context.enter(heading)
    return [context.take(block) for block in blocks]


class _Decision:
    """What a heading, an item or a paragraph says about the blocks below it; read where such a block has commands."""

    def __init__(self, block: Heading | Paragraph, level: int, *, cases: bool) -> None:
        self.level, self.mark = level, block.mark
        """Level of the heading, or number of lists around the item or paragraph."""
        self._block, self._cases = block, cases
        self.over = False
        """Whether the list that a paragraph introduces has begun, so that code behind the list is not meant."""

    @cached_property
    def lists(self) -> bool:
        """Whether a paragraph introduces lists and tables too: it ends with a colon."""
        return self._block.text.endswith(":")

    @cached_property
    def output(self) -> bool:
        """Whether it introduces the output of a command."""
        return announces_output(self._block.text)

    @cached_property
    def case(self) -> str:
        """The case to which it restricts commands that change something."""
        return said(case_of(self._block.text), self._block.line) if self._cases else ""

    @cached_property
    def manual(self) -> str:
        """Why the commands below it are left to a person, or ""."""
        block = self._block
        if isinstance(block, Heading):
            return said(above(block.text), block.line)
        text = with_commands_as_signs(block)
        about_its_own = COMMAND in text and not self.lists and not block.bullet
        return said(above(text, remark=block.quoted or about_its_own or is_remark(block.text)), block.line)


class _Context:
    """Reads blocks in order, and remembers what governs the next one."""

    def __init__(self, *, cases: bool = False) -> None:
        self._cases = cases
        self._headings: list[_Decision] = []
        self._items: list[_Decision] = []
        self._leads: list[_Decision] = []

    def enter(self, heading: Heading) -> None:
        """Take a heading: it governs until the next one of its level."""
        self._headings = [each for each in self._headings if each.level < heading.level]
        self._headings.append(_Decision(heading, heading.level, cases=self._cases))
        self._items, self._leads = [], []

    def take(self, block: Block) -> Block:
        """The block with what governs it."""
        if isinstance(block, Heading):
            self.enter(block)
            return block
        bullet = isinstance(block, Paragraph) and block.bullet
        depth = block.depth
        self._items = [item for item in self._items if item.level < depth or (item.level == depth and not bullet)]
        self._leads = [lead for lead in self._leads if _leads_to(lead, block)]
        for lead in self._leads:
            lead.over = depth > lead.level
        decided = self._decided(block) if _may_have_steps(block) else block
        if isinstance(block, Paragraph):
            (self._items if bullet else self._leads).append(_Decision(block, depth, cases=self._cases))
        return decided

    def _decided(self, block: Block) -> Block:
        around = [*self._headings, *self._items, *self._leads]
        decided = _decided(block, around)
        if self._cases:
            decided = _in_case(decided, next((each.case for each in reversed(around) if each.case), ""))
        if isinstance(decided, Code) and decided.mark != "run" and self._announces_output(block.depth):
            decided = replace(decided, output="output, by the words above it")
        return decided

    def _announces_output(self, depth: int) -> bool:
        """Whether what stands nearest above the code introduces output."""
        item = [each for each in self._items if each.level == depth]
        nearest = [*self._headings[-1:], *item[-1:], *self._leads[-1:]]
        return bool(nearest) and nearest[-1].output


def _may_have_steps(block: Block) -> bool:
    """Whether a block can have commands or toggles: a paragraph without code and names in capitals has none."""
    if not isinstance(block, Paragraph):
        return True
    return bool(block.mark) or any(span.code is not None or _NAME.search(span.text) for span in block.spans)


def _leads_to(lead: _Decision, block: Block) -> bool:
    """Whether a paragraph introduces a block: code below it, and behind its colon a list or table."""
    if block.depth > lead.level:
        return lead.lists
    same = block.depth == lead.level and not lead.over
    return same and (isinstance(block, Code) or (lead.lists and isinstance(block, Table)))


def _decided(block: Block, around: Sequence[_Decision]) -> Block:
    mark = block.mark or next((each.mark for each in reversed(around) if each.mark), "")
    manual = block.manual or next((each.manual for each in reversed(around) if each.manual), "")
    reason = {"skip": SKIPPED, "run": ""}.get(mark, manual)
    if isinstance(block, Table):
        return replace(block, mark=mark, manual=reason, rows=tuple(_rows(block, mark, reason)))
    return block if (mark, reason) == (block.mark, block.manual) else replace(block, mark=mark, manual=reason)


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
        yield tuple(_with(_in_column(cell, table, at), own, manual) for at, cell in enumerate(row))


def _with(cell: Paragraph, mark: str, manual: str) -> Paragraph:
    return cell if (mark, manual) == (cell.mark, cell.manual) else replace(cell, mark=mark, manual=manual)


def _has_code(cell: Paragraph) -> bool:
    return any(span.code is not None for span in cell.spans)


def _in_column(cell: Paragraph, table: Table, at: int) -> Paragraph:
    """The cell; the head of its column governs its code ("Don't")."""
    words = above(table.header[at]) if at < len(table.header) else ""
    spans = (span._replace(manual=said(words, table.line)) if span.code else span for span in cell.spans)
    return replace(cell, spans=tuple(spans)) if words else cell


def _in_case(block: Block, case: str) -> Block:
    """The block with the case to which the words around it restrict it, and its inline commands with their own."""
    if block.mark == "run":
        return block
    if isinstance(block, Paragraph):
        return replace(block, case=case, spans=_cases_of(block, case))
    if isinstance(block, Table):
        return replace(block, case=case, rows=tuple(_row_in_case(row, case) for row in block.rows))
    return replace(block, case=case)


def _row_in_case(row: tuple[Paragraph, ...], case: str) -> tuple[Paragraph, ...]:
    words = next((words for cell in row if not _has_code(cell) and (words := case_of(cell.text))), "")
    return tuple(
        replace(cell, spans=_cases_of(cell, said(words, cell.line) or case)) if _has_code(cell) else cell
        for cell in row
    )


def _cases_of(paragraph: Paragraph, case: str) -> tuple[Span, ...]:
    if not _has_code(paragraph):
        return paragraph.spans
    text, at, found = with_commands_as_signs(paragraph), 0, []
    for span in paragraph.spans:
        own = case_around(text, at) if span.code is not None and not span.manual else ""
        words = said(own, span.line) or case
        changes = span.code is not None and words and effect_of(span.code) is not Effect.READS
        found.append(span._replace(manual=words) if changes and not span.manual else span)
        at += 1 if span.code is not None else len(span.text)
    return tuple(found)
