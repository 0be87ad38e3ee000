"""Groups blocks into sections: to which runbook and which part of the document each block belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.model import Role
from harness.runbook.blocks import Block, FrontMatter, Heading, Paragraph, Rule, Structure
from harness.runbook.headings import (
    EntryName,
    Form,
    derived_name,
    entry_name,
    is_admonition,
    part_kind,
)
from harness.runbook.labels import BOLD, Label, as_heading, label_of, name_in, rest_of, stands_for_heading
from harness.runbook.owners import above_symptoms, of_document
from harness.runbook.synonyms import Kind, Name, section_kind, section_like, section_named, section_of_document
from harness.runbook.wording import announces_output

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
    form: Form | None = None
    """How its heading states its id; None where the id is made from the heading."""
    by_form: bool = False
    """Whether the form of the document makes it a runbook, so that every section of it is read."""

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
    like: Name | None = None
    """The section of the synonym table, its own or that of the section around it."""
    above: tuple[Heading, ...] = ()
    """The headings and labels around it, the outermost first, its own last."""

    @property
    def is_rollback(self) -> bool:
        """Whether it takes the response back, which is no part of the response."""
        return self.like is not None and self.like.role is Role.ROLL_BACK


@dataclass(frozen=True)
class Outline:
    """The title of a document, its runbooks in order, and every section in order."""

    title: str
    entries: list[Entry]
    sections: list[Section]

    @property
    def only_parts(self) -> bool:
        """Whether every heading is of general commands, or of procedures for alerts, escalation, after an incident."""
        headed = [section for section in self.sections if section.name]
        return bool(headed) and all(section.kind in _PARTS_WITH_GROUPS for section in headed)


def may_have_ids(blocks: Sequence[Block]) -> bool:
    """Whether the name of a runbook with an id, or of another part of a document than a runbook, is in a heading."""
    names = (name_in(block) for block in blocks)
    return any(name and (entry_name(name) or part_kind(name) in _PARTS_WITH_GROUPS) for name in names)


def outline_by_ids(blocks: Sequence[Block]) -> Outline:
    """The outline of a document whose runbooks are headings with an id, or above symptoms."""
    return _read(_Outline(blocks, dict.fromkeys(above_symptoms(blocks))), blocks)


def outline_by_form(blocks: Sequence[Block], path: str) -> Outline:
    """The outline of a document that is a runbook, or has several in like sections."""
    reader = _Outline(blocks, of_document(blocks, path), by_id=False)
    reader.begin()
    return _read(reader, blocks)


def _read(reader: _Outline, blocks: Sequence[Block]) -> Outline:
    for block in blocks:
        reader.take(block)
    return Outline(reader.title or reader.stated_title, reader.entries, reader.sections)


class _Outline:
    """Reads blocks in order. `owners`: the lines of headings that begin runbooks, with the names that they have."""

    def __init__(self, blocks: Sequence[Block], owners: Mapping[int, EntryName | None], *, by_id: bool = True) -> None:
        self.title = ""
        self.stated_title = ""
        self.entries: list[Entry] = []
        self.sections: list[Section] = [Section(Kind.PROSE)]
        self._entry: Entry | None = None
        self._above: list[tuple[Kind, int]] = []
        self._around: list[tuple[int, Name | None]] = []
        self._after_rule = False
        self._owners, self._by_id = owners, by_id
        self._first = next((block.line for block in blocks if isinstance(block, Heading)), 0)

    def begin(self) -> None:
        """Open the runbook that is the whole document, if it is one."""
        whole = self._owners.get(0)
        if whole:
            self._open_entry(Heading(self._first or 1, 1, level=0), whole.id, whole.title)

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
        elif self._entry and not self._by_id and heading.level > self._entry.level:
            self._open_inside(heading)
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

    def _open_inside(self, heading: Heading) -> None:
        """Open a section of a runbook that the form of its document makes one; a group of steps joins its section."""
        if heading.line == self._first and heading.level == 1 and not self.title:
            self.title = heading.text
            return
        like = section_like(heading.text) if heading.level < BOLD else section_of_document(heading.text)
        deeper = self._now.kind not in (Kind.PROSE, Kind.UNKNOWN) and self._now.level < heading.level
        if deeper and (like is None or like is self._now.like):
            self._now.blocks.append(heading)
            return
        whole = section_of_document(heading.text)
        around = [each for each in self._around if each[0] < heading.level]
        like = like or (around[-1][1] if around else None)
        self._around = [*around, (heading.level, like)]
        blocks: list[Block] = [] if whole else [heading]
        kind = whole.kind if whole else Kind.UNKNOWN
        place = (heading.line, heading.level, heading.depth)
        self._open(Section(kind, heading.text, *place, self._entry, blocks=blocks, mark=heading.mark, like=like))

    def _entry_named(self, heading: Heading) -> EntryName | None:
        owner = heading.line in self._owners
        if not self._by_id:
            return self._owners.get(heading.line)
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
        name = entry_name(heading.text) if self._by_id else None
        form = name.form if name else None
        self._entry = Entry(id_, title, heading.line, heading.level, form=form, by_form=not self._by_id)
        self._around = []
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
        place = (heading.line, heading.level, heading.depth)
        self._open(Section(kind, heading.text, *place, entry, mark=heading.mark, like=section_named(heading.text)))

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
        elif (self._by_id and paragraph.line in self._owners) or stands_for_heading(paragraph, label):
            self._heading(as_heading(paragraph, paragraph.text.rstrip(":")))
        elif self._entry and not self._by_id:
            self._labelled(paragraph, label)
        elif kind and self._entry and self._may_label(paragraph, label):
            self._open_kind(kind, replace(as_heading(paragraph, label.name), depth=paragraph.depth))
            self._now.blocks += [rest_of(paragraph, label)] if label.rest else []
        elif not paragraph.depth and label.bold and self._entry and self._now.kind not in (Kind.ACTIONS, Kind.COMMANDS):
            self._aside(paragraph, label)
        else:
            self._now.blocks.append(paragraph)

    def _labelled(self, paragraph: Paragraph, label: Label) -> None:
        """A paragraph with a label, which begins a section if it is bold and names one."""
        if label.bold and not paragraph.depth and section_of_document(label.name):
            self._open_inside(as_heading(paragraph, label.name))
            self._now.blocks += [rest_of(paragraph, label)] if label.rest else []
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
        self._open(Section(Kind.UNKNOWN, label.name, paragraph.line, BOLD, entry=self._entry, blocks=[paragraph]))
        self._open(replace(now, blocks=[]))
