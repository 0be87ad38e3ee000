"""Groups blocks into sections: to which runbook and which part of the document each block belongs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from harness.runbook.blocks import Block, FrontMatter, Heading, Paragraph, Rule, Structure
from harness.runbook.headings import (
    EntryName,
    Form,
    Kind,
    derived_name,
    entry_name,
    is_admonition,
    part_kind,
    section_kind,
)
from harness.runbook.inline import Span, text_of, without_edges
from harness.runbook.wording import announces_output

_BOLD = 7  # the level of a bold paragraph that stands for a heading: below every real one
_PARTS_WITH_GROUPS = (Kind.GENERAL, Kind.ALERTS, Kind.ESCALATION, Kind.POST_INCIDENT)


@dataclass
class Entry:
    """The heading that begins a runbook; `section_level` is the level of its section headings."""

    id: str
    title: str
    line: int
    level: int
    section_level: int | None = None
    seen: set[Kind] = field(default_factory=set)

    def fits(self, level: int) -> bool:
        """Whether a section of this level can belong to it: deeper than its heading, or like its first section."""
        return level > self.level or self.section_level in (None, level)


@dataclass
class Section:
    """A heading or label and the blocks below it. `nested`: below a heading of the same part of the document."""

    kind: Kind
    name: str = ""
    line: int = 0
    level: int = 0
    depth: int = 0
    entry: Entry | None = None
    nested: bool = False
    blocks: list[Block] = field(default_factory=list)
    mark: str = ""
    above: tuple[Heading, ...] = ()
    """The headings and labels around it, the outermost first, its own last."""


@dataclass(frozen=True)
class Label:
    """The label at the beginning of a paragraph, and the spans after it."""

    name: str
    rest: tuple[Span, ...]
    bold: bool


def outline(blocks: Sequence[Block]) -> tuple[str, list[Entry], list[Section]]:
    """The title of the document, its runbooks in order, and every section in order."""
    reader = _Outline(blocks)
    for block in blocks:
        reader.take(block)
    return reader.title or reader.stated_title, reader.entries, reader.sections


def label_of(paragraph: Paragraph) -> Label | None:
    """The label that a paragraph begins with: bold text, or plain text up to a colon; None without one."""
    spans, count = paragraph.spans, 0
    while count < len(spans) and (spans[count].strong or (count and not spans[count].text.strip())):
        count += 1
    if bold := text_of(spans[:count]):
        rest = spans[count:]
        colon = bold.endswith(":") or text_of(rest).startswith(":") or not text_of(rest)
        alone = not text_of([span for span in rest if span.line == paragraph.line])
        return Label(bold.rstrip(": "), without_edges(rest, ":–—-"), bold=True) if colon or alone else None
    return _plain_label(paragraph.spans) if paragraph.spans and paragraph.spans[0].code is None else None


def _plain_label(parts: tuple[Span, ...]) -> Label | None:
    name, colon, rest = parts[0].text.partition(":")
    return (
        Label(name.strip(), without_edges((replace(parts[0], text=rest), *parts[1:]), ""), bold=False)
        if colon
        else None
    )


class _Outline:
    def __init__(self, blocks: Sequence[Block]) -> None:
        self.title = ""
        self.stated_title = ""
        self.entries: list[Entry] = []
        self.sections: list[Section] = [Section(Kind.PROSE)]
        self._entry: Entry | None = None
        self._above: list[tuple[Kind, int]] = []
        self._after_rule = False
        self._owners = _owners(blocks)
        self._first = next((block.line for block in blocks if isinstance(block, Heading)), 0)

    def take(self, block: Block) -> None:
        match block:
            case FrontMatter():
                self.stated_title = block.title
            case Rule():
                self._after_rule = True
            case Structure():
                pass
            case Heading():
                self._heading(block)
            case Paragraph():
                self._paragraph(block)
            case _:
                self._now.blocks.append(block)

    @property
    def _now(self) -> Section:
        return self.sections[-1]

    def _open(self, section: Section) -> None:
        around = [heading for heading in self._now.above if heading.level < section.level]
        if section.entry is not self._now.entry:
            around = []
        own = Heading(section.line, section.line, level=section.level, text=section.name, mark=section.mark)
        section.above = (*around, own)
        self.sections.append(section)

    def _heading(self, heading: Heading) -> None:
        kind = section_kind(heading.text)
        name = self._entry_named(heading)
        if name:
            self._open_entry(heading, name.id, name.title)
        elif kind and self._entry and self._entry.fits(heading.level):
            self._open_kind(kind, heading)
        elif self._entry and heading.level > self._entry.level and not self._leaves(heading):
            self._subheading(heading)
        else:
            self._open_part(heading)

    def _leaves(self, heading: Heading) -> bool:
        """Whether a heading below the runbook's, but above its sections, begins another part of the document."""
        above = self._entry is not None and heading.level < (self._entry.section_level or 0)
        return above and part_kind(heading.text) in _PARTS_WITH_GROUPS

    def _entry_named(self, heading: Heading) -> EntryName | None:
        owner = heading.line in self._owners
        name = entry_name(heading.text)
        if name and (owner or self._may_open(name, heading.level)):
            return name
        known = section_kind(heading.text) or part_kind(heading.text)
        return derived_name(heading.text) if owner and not known else None

    def _may_open(self, name: EntryName, level: int) -> bool:
        sure = name.form is Form.SURE or (name.form is Form.LIKELY and self._among_runbooks(level))
        return sure and not self._inside(level)

    def _inside(self, level: int) -> bool:
        """Whether a heading of this level is below a runbook, or below a part that has no runbooks."""
        if self._entry:
            return level > self._entry.level
        return any(kind in _PARTS_WITH_GROUPS for kind, above in self._above if above < level)

    def _among_runbooks(self, level: int) -> bool:
        above = [kind for kind, other in self._above if other < level]
        return bool(above) and above[-1] is Kind.RUNBOOKS

    def _open_entry(self, heading: Heading, id_: str, title: str) -> None:
        self._entry = Entry(id_, title, heading.line, heading.level)
        self.entries.append(self._entry)
        self._after_rule = False
        self._open(Section(Kind.PROSE, "", heading.line, heading.level, entry=self._entry, mark=heading.mark))

    def _open_kind(self, kind: Kind, heading: Heading) -> None:
        entry = self._entry
        if entry and kind in entry.seen and (self._after_rule or kind is Kind.SYMPTOMS):
            self._entry = entry = None
        if entry:
            entry.seen.add(kind)
            entry.section_level = entry.section_level or heading.level
            self._after_rule = False
        self._open(Section(kind, heading.text, heading.line, heading.level, heading.depth, entry, mark=heading.mark))

    def _subheading(self, heading: Heading) -> None:
        if self._now.kind not in (Kind.PROSE, Kind.UNKNOWN) and self._now.level < heading.level:
            self._now.blocks.append(heading)
        else:
            part = part_kind(heading.text)
            kind = part if part in (Kind.ESCALATION, Kind.POST_INCIDENT) else Kind.UNKNOWN
            name, mark = heading.text, heading.mark
            self._open(Section(kind, name, heading.line, heading.level, entry=self._entry, mark=mark))

    def _open_part(self, heading: Heading) -> None:
        self._entry = None
        if heading.level == 1 and not self.title:
            self.title = heading.text
        self._above = [above for above in self._above if above[1] < heading.level]
        parent = self._above[-1][0] if self._above else None
        inherited = parent if parent in _PARTS_WITH_GROUPS else None
        own = None if heading.line == self._first and heading.level == 1 else part_kind(heading.text)
        kind = own or inherited or Kind.UNKNOWN
        self._above.append((kind, heading.level))
        name, mark = heading.text, heading.mark
        self._open(Section(kind, name, heading.line, heading.level, nested=kind is parent, mark=mark))

    def _paragraph(self, paragraph: Paragraph) -> None:
        label = None if paragraph.quoted else label_of(paragraph)
        kind = section_kind(label.name) if label else None
        if label is None or is_admonition(label.name) or announces_output(label.name):
            self._now.blocks.append(paragraph)
        elif paragraph.line in self._owners or _stands_for_heading(paragraph, label):
            self._heading(_as_heading(paragraph, paragraph.text.rstrip(":")))
        elif kind and self._entry and self._may_label(paragraph, label):
            self._open_kind(kind, replace(_as_heading(paragraph, label.name), depth=paragraph.depth))
            self._now.blocks += [_rest(paragraph, label)] if label.rest else []
        elif not paragraph.depth and label.bold and self._entry and self._now.kind not in (Kind.ACTIONS, Kind.COMMANDS):
            self._aside(paragraph, label)
        else:
            self._now.blocks.append(paragraph)

    def _may_label(self, paragraph: Paragraph, label: Label) -> bool:
        """Whether a list item begins a section: it contains the section, or the other sections begin that way."""
        if not paragraph.depth:
            return True
        whole = paragraph.parent and not label.rest
        beside = self._now.kind is Kind.PROSE or 0 < paragraph.depth <= self._now.depth
        return whole or (beside and (label.bold or not label.rest))

    def _aside(self, paragraph: Paragraph, label: Label) -> None:
        """A labelled remark between sections; the blocks after it still belong to the section above."""
        now = self._now
        self._open(Section(Kind.UNKNOWN, label.name, paragraph.line, _BOLD, entry=self._entry, blocks=[paragraph]))
        self._open(replace(now, blocks=[]))


def _as_heading(paragraph: Paragraph, text: str) -> Heading:
    return Heading(paragraph.line, paragraph.last, level=_BOLD, text=text, mark=paragraph.mark)


def _stands_for_heading(paragraph: Paragraph, label: Label) -> bool:
    short = len(label.name.split()) <= 10 and not label.name.endswith((".", "!"))
    return short and label.bold and not label.rest and not paragraph.depth


def _rest(paragraph: Paragraph, label: Label) -> Paragraph:
    return replace(paragraph, line=label.rest[0].line, spans=label.rest, bullet=False)


def _owners(blocks: Iterable[Block]) -> set[int]:
    """The lines of headings with a symptoms section below them: they begin a runbook, whatever their text."""
    owners: set[int] = set()
    above: list[Heading] = []
    for block in blocks:
        name = _name_in(block)
        kind = section_kind(name) if name else None
        level = block.level if isinstance(block, Heading) else _BOLD
        if kind is Kind.SYMPTOMS:
            owners.update(heading.line for heading in _nearest(above, level))
        elif name and kind is None and (isinstance(block, Heading) or _bold_entry(block)):
            above.append(Heading(block.line, block.last, level=level, text=name))
    return owners


def _nearest(above: list[Heading], level: int) -> list[Heading]:
    """The last heading that can contain a section of this level: one with an id, or a higher one of unknown kind."""

    def fits(head: Heading) -> bool:
        return entry_name(head.text) is not None or (head.level < level and not part_kind(head.text))

    return list(islice(filter(fits, reversed(above)), 1))


def _name_in(block: Block) -> str | None:
    if isinstance(block, Heading):
        return block.text
    label = label_of(block) if isinstance(block, Paragraph) and not block.quoted else None
    return label.name if label else None


def _bold_entry(block: Block) -> bool:
    label = label_of(block) if isinstance(block, Paragraph) and not block.depth else None
    return bool(label and label.bold and entry_name(label.name))
