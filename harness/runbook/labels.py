"""The label that a paragraph begins with."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.runbook.blocks import Block, Heading, Paragraph
from harness.runbook.inline import Span, text_of, without_edges

BOLD = 7  # the level of a bold paragraph that stands for a heading: below every real one


@dataclass(frozen=True)
class Label:
    """The label at the beginning of a paragraph, and the spans after it."""

    name: str
    rest: tuple[Span, ...]
    bold: bool


def label_of(paragraph: Paragraph) -> Label | None:
    """The label that a paragraph begins with: bold text, or plain text up to a colon; None without one."""
    spans, count = paragraph.spans, 0
    if not spans or not (spans[0].strong or ":" in spans[0].text):
        return None
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
        Label(name.strip(), without_edges((parts[0]._replace(text=rest), *parts[1:]), ""), bold=False)
        if colon
        else None
    )


def name_in(block: Block) -> str | None:
    """The text of a heading, or the label of a paragraph."""
    if isinstance(block, Heading):
        return block.text
    label = label_of(block) if isinstance(block, Paragraph) and not block.quoted else None
    return label.name if label else None


def as_heading(paragraph: Paragraph, text: str) -> Heading:
    """A labelled paragraph as a heading."""
    return Heading(paragraph.line, paragraph.last, level=BOLD, text=text, mark=paragraph.mark)


def stands_for_heading(paragraph: Paragraph, label: Label) -> bool:
    """Whether a paragraph is only a short label in bold."""
    short = len(label.name.split()) <= 10 and not label.name.endswith((".", "!"))
    return short and label.bold and not label.rest and not paragraph.depth


def rest_of(paragraph: Paragraph, label: Label) -> Paragraph:
    """The paragraph behind its label."""
    return replace(paragraph, line=label.rest[0].line, spans=label.rest, bullet=False)
