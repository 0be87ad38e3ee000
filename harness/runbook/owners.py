"""Finds the headings that begin runbooks: by a symptoms section below them, or by the form of the whole document."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from harness.runbook.blocks import Block, Code, FrontMatter, Heading, Paragraph
from harness.runbook.headings import EntryName, Form, alert_name, derived_name, entry_name, part_kind
from harness.runbook.labels import BOLD, label_of, name_in
from harness.runbook.synonyms import Kind, Name, section_kind, section_of_document

_INCIDENT = re.compile(
    r"\W*(?:\d+[.)]\s*)?(?:runbook|playbook|incident|scenario|alert|problem|issue|error)\b(?:\s*#?\d+)?\s*[:–—-]\s*\S",
    re.I,
)
_TEMPLATE = re.compile(r"<%.*?%>|\{\{.*?\}\}|\{%.*?%\}")


def above_symptoms(blocks: Iterable[Block]) -> set[int]:
    """The lines of headings with a symptoms section below them: they begin a runbook, whatever their text."""
    owners: set[int] = set()
    above: list[Heading] = []
    for block in blocks:
        name = name_in(block)
        kind = section_kind(name) if name else None
        level = block.level if isinstance(block, Heading) else BOLD
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


def _bold_entry(block: Block) -> bool:
    label = label_of(block) if isinstance(block, Paragraph) and not block.depth else None
    return bool(label and label.bold and entry_name(label.name))


@dataclass(eq=False)
class _Node:
    """A heading of the outline and what is directly below it."""

    heading: Heading
    parent: _Node | None
    section: Name | None
    sections: set[str] = field(default_factory=set)
    """The names of the sections below it that are not below another heading of no kind."""
    code: bool = False

    @property
    def plain(self) -> bool:
        """Whether it can begin a runbook: it is no section, and inside of none."""
        return self.section is None and part_kind(self.heading.text) is None and not self.within_section

    @property
    def within_section(self) -> bool:
        return self.parent is not None and (self.parent.responds or self.parent.within_section)

    @property
    def responds(self) -> bool:
        """Whether it is a section of steps or symptoms."""
        return self.section is not None and self.section.kind is not Kind.EXPLANATION

    @property
    def complete(self) -> bool:
        """Whether what is below it has the sections of a runbook."""
        return "Symptoms" in self.sections or len(self.sections & _OF_A_RUNBOOK) >= 2


_OF_A_RUNBOOK = {
    "Symptoms",
    "Immediate Actions",
    "Diagnosis",
    "Verification",
    "Rollback",
    "Mitigation",
    "Meaning",
    "Impact",
    "Escalation",
}
_NO_RESPONSE = {"Meaning", "Impact", "Background", "References", "Escalation", "Dashboards"}


def of_document(blocks: Sequence[Block], path: str) -> dict[int, EntryName]:
    """The runbooks of a document whose headings have no ids, by line: several like sections, or the whole document.

    The whole document is one runbook at line 0.
    """
    several = _several(_tree(blocks))
    if several:
        return {node.heading.line: _named(node.heading.text) for node in several}
    return {0: document_name(blocks, path)}


def _named(heading: str) -> EntryName:
    """The name that a heading states, where its form is beyond doubt, or one made from its text."""
    text = _TEMPLATE.sub("", heading)
    stated = entry_name(text)
    return stated if stated and stated.form is Form.SURE else derived_name(text)


def _tree(blocks: Iterable[Block]) -> list[_Node]:
    """The real headings in order; labels and code count for the heading above them."""
    nodes: list[_Node] = []
    around: list[_Node] = []
    for block in blocks:
        if isinstance(block, Heading) and block.level < BOLD:
            around = [node for node in around if node.heading.level < block.level]
            section = section_of_document(block.text) if around or nodes else None
            node = _Node(block, around[-1] if around else None, section)
            nodes.append(node)
            around.append(node)
            _count(node.section, around[:-1])
        elif isinstance(block, Paragraph) and not block.quoted:
            label = label_of(block)
            named = section_of_document(label.name) if label and label.bold and not block.depth else None
            _count(named, around)
        elif isinstance(block, Code):
            for node in around:
                node.code = True
    return nodes


def _count(section: Name | None, around: Sequence[_Node]) -> None:
    owner = next((node for node in reversed(around) if node.section is None), None)
    if section and owner:
        owner.sections.add(section.name)


def _several(nodes: Sequence[_Node]) -> list[_Node]:
    """The largest group of headings below the same heading that are runbooks each, in order; empty without one."""
    groups: dict[int, list[_Node]] = defaultdict(list)
    for node in nodes:
        if node.plain:
            groups[id(node.parent)].append(node)
    found = [_runbooks(group) for group in groups.values() if not _responds(group[0].parent)]
    return max(found, key=len, default=[])


def _responds(parent: _Node | None) -> bool:
    """Whether a heading has steps of its own beside the headings below it."""
    return parent is not None and bool(parent.sections - _NO_RESPONSE)


def _runbooks(siblings: Sequence[_Node]) -> list[_Node]:
    """Of sibling headings those that are runbooks: two with the sections of one, or with names of alerts or incidents.

    Their siblings with code are runbooks too, in a shorter form.
    """
    signs = [node for node in siblings if _is_sign(node)]
    lines = {node.heading.line for node in signs}
    one = len(signs) == 1 and "Symptoms" in signs[0].sections and signs[0].parent is not None
    if len(signs) < 2 and not one:
        return []
    return [node for node in siblings if node.heading.line in lines or node.code]


def _is_sign(node: _Node) -> bool:
    text = node.heading.text
    return node.complete or bool(alert_name(text)) or bool(_INCIDENT.match(text))


def document_name(blocks: Sequence[Block], path: str) -> EntryName:
    """The id and title of a document that is one runbook: from its front matter, its title, or the name of the file."""
    front = next((block for block in blocks if isinstance(block, FrontMatter)), None)
    headings = [block for block in blocks if isinstance(block, Heading)][:1]
    heading = next(
        (_TEMPLATE.sub("", each.text).strip(" :–-") for each in headings if not section_of_document(each.text)), ""
    )
    stated = _TEMPLATE.sub("", front.title).strip() if front else ""
    file = Path(path).name.split(".", 1)[0] if not path.startswith("<") else ""
    title = next(filter(None, (stated, heading, file.replace("-", " ").replace("_", " "))), "Runbook")
    alerts = (front.alert if front else "", *map(alert_name, (heading, stated, file)))
    name = derived_name(title) if any(alerts) else _named(title)
    return EntryName(next(filter(None, alerts), name.id), name.title or title, Form.POSSIBLE)
