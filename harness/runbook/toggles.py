"""Parses toggles (a variable, its old and its new value) from sentences, assignments and table rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from harness.model import Command, Part, Toggle, Unread
from harness.runbook.blocks import Block, Code, Paragraph, Table
from harness.runbook.context import said
from harness.runbook.inline import Span, text_of
from harness.runbook.items import each, row_as_paragraph, unread
from harness.runbook.programs import only_assigns, runs_a_program
from harness.runbook.quantities import Unclear, read_values
from harness.runbook.shell import CONSOLES, SHELLS, commands, inline
from harness.runbook.toggle_commands import own_commands
from harness.runbook.values import old_of, values_of
from harness.runbook.wording import aside

_NO_TOGGLE = "not a toggle: write a variable and its new value, such as `NAME`: Increase from 3 to 5, or NAME=5"
_NAME = re.compile(r"(?<![\w.\-/$])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{3,}[A-Z0-9]*)(?![\w\-/])")
_ENV = re.compile(r"[A-Za-z_]\w*")


_COLUMNS = {
    "name": r"(environment |env )?(names?|variables?|vars?|toggles?|settings?|parameters?|keys?|flags?|options?)|env",
    "old": r"(from|old|current(ly)?|default|before|normal(ly)?|original|initial|baseline|start(ing)?|was)( value)?",
    "new": r"(change |set |increase )?to|(new|target|after|incident|recommended|temporary)( value)?|value",
    "change": r"changes?|actions?|adjustments?|instructions?|how|what to do",
}


def read(blocks: Sequence[Block]) -> Iterator[Part]:
    """The toggles of a section, and Unread for everything else in it."""
    for block in _joined(blocks):
        if isinstance(block, Table) and (columns := columns_of(block)):
            yield from table(block, columns)
        elif isinstance(block, Code):
            yield from _code(block)
        else:
            yield from each([block], _item, "toggles")


def columns_of(block: Table) -> dict[str, int] | None:
    """The index of each known column; None where the header is not that of a table of toggles."""
    heads = [re.sub(r"[`*:]", "", head).strip().lower() for head in block.header]
    found = {what: at for what, form in _COLUMNS.items() for at, head in enumerate(heads) if re.fullmatch(form, head)}
    return found if "name" in found and ("new" in found or "change" in found) else None


def table(block: Table, columns: dict[str, int]) -> Iterator[Part]:
    """A toggle for each row with a variable and a value."""
    for row in block.rows:
        paragraph = row_as_paragraph(row)
        cells = {what: row[at].text.strip("`\"' ") for what, at in columns.items() if at < len(row)}
        manual = _why_manual(paragraph)
        if _ENV.fullmatch(cells["name"]) and cells.get("new"):
            old = cells.get("old", "").strip("–— ").removesuffix("-") or None
            yield from _with(manual, _made(paragraph.line, paragraph.text, Stated(cells["name"], old, cells["new"])))
        elif cells.get("change"):
            sentence = f"`{cells['name']}`: {row[columns['change']].text}"
            yield from _with(manual, _sentence(paragraph.line, paragraph.text, sentence))
        else:
            yield unread(paragraph, _NO_TOGGLE)


def _joined(blocks: Sequence[Block]) -> list[Block]:
    """Append nested items to a list item that only names a variable: they state its values."""
    joined: list[Block] = []
    for block in blocks:
        above = joined[-1] if joined else None
        if (
            isinstance(block, Paragraph)
            and isinstance(above, Paragraph)
            and block.depth > above.depth
            and _only_names(above)
        ):
            joined[-1] = replace(above, spans=(*above.spans, Span(block.line, " "), *block.spans))
        else:
            joined.append(block)
    return joined


def _only_names(paragraph: Paragraph) -> bool:
    return paragraph.bullet and bool(_names(paragraph.text)) and not _stated(paragraph.text)


def _item(paragraph: Paragraph) -> Iterator[Part]:
    """The toggles of an item, and the commands in its inline code."""
    found = [part for part in inline(paragraph) if not (isinstance(part, Command) and only_assigns(part.text))]
    plain = text_of([span for span in paragraph.spans if span.code not in {part.text for part in found}])
    made = list(_sentence(paragraph.line, paragraph.text, plain)) if _stated(plain) or not found else []
    if len(made) == 1 and isinstance(made[0], Toggle):
        made[0], found = own_commands(made[0], found)
    yield from _with(_why_manual(paragraph), made)
    names = {stated.name for stated in _stated(plain)}
    for part in found:
        own = [name for name in re.findall(r"\b(\w+)=", part.text) if name in names]
        yield Unread(part.line, part.text, f"the toggle {own[0]} is set instead") if own else part


def _why_manual(paragraph: Paragraph) -> str:
    """Why the toggles in an item are left to a person; "" if they are set."""
    if paragraph.mark or paragraph.manual:
        return paragraph.manual
    if any(span.struck for span in paragraph.spans):
        return f"it is struck through (line {paragraph.line})"
    return said(aside(paragraph.text), paragraph.line)


def _with(manual: str, parts: Iterable[Part]) -> Iterator[Part]:
    for part in parts:
        yield replace(part, manual=manual) if isinstance(part, Toggle) else part


def _code(block: Code) -> Iterator[Part]:
    """Assignments, one per line, in shell, dotenv or YAML form; other commands stay commands."""
    shell = replace(block, lang="bash" if block.lang not in SHELLS | CONSOLES else block.lang)
    for part in commands(shell):
        found = [] if isinstance(part, Command) and runs_a_program(part.text) else _stated(_without_keyword(part.text))
        comment = f" ({part.title})" if isinstance(part, Command) and part.title else ""
        manual = part.manual if isinstance(part, Command) else ""
        for stated in found:
            whole = replace(stated, old=stated.old or old_of(comment))
            yield from _with(manual, _made(part.line, part.text, whole))
        yield from () if found else (part,)


def _without_keyword(assignment: str) -> str:
    return re.sub(r"^(export|set|-)\s+", "", assignment)


def _sentence(line: int, text: str, sentence: str) -> Iterator[Part]:
    found = _stated(sentence)
    for stated in found:
        yield from _made(line, text, stated)
    left = [name for name in _names(sentence) if "_" in name and name not in {stated.name for stated in found}]
    if not found:
        yield Unread(line, text, _NO_TOGGLE)
    elif left:
        yield Unread(line, text, f"more than one variable in one item: no value was read for {', '.join(left)}")


@dataclass(frozen=True)
class Stated:
    """A variable and its values as written."""

    name: str
    old: str | None
    new: str


def _made(line: int, text: str, stated: Stated) -> Iterator[Part]:
    """The toggle, and Unread for a value that is not understood; an old value that is not comparable is no start."""
    old, new = read_values(stated.old, stated.new, stated.name)
    if isinstance(new, Unclear):
        yield Unread(line, text, f"not a toggle: {new.why}")
        return
    yield Toggle(line, text, stated.name, None if isinstance(old, Unclear) else old, new)
    if isinstance(old, Unclear):
        yield Unread(line, text, f"the documented start is not used: {old.why}")


def _stated(sentence: str) -> list[Stated]:
    """Each variable for which the sentence states a value."""
    names = _names(sentence)
    if not names:
        return []
    before, *after = _cut(sentence, names)
    values = [values_of(f"{before if n == 0 else ''} {rest}") for n, rest in enumerate(after)]
    if len(names) > 1 and not all(values[:-1]) and all(re.fullmatch(r"\W*(and)?\W*", rest) for rest in after[:-1]):
        values = [values_of(f"{before} {after[-1]}")] * len(names)
    elif len(names) > 1 and not all(values):
        names, values = names[:1], [values_of(before + sentence.split(names[0], 1)[1].lstrip("`"))]
    return [Stated(name, *pair) for name, pair in zip(names, values, strict=True) if pair]


def _names(sentence: str) -> list[str]:
    """The variables in order: names in capitals, or else the first other name in inline code."""
    found = list(dict.fromkeys(_NAME.findall(sentence)))
    others = re.findall(r"`([A-Za-z_]\w*)[`=]", sentence)
    return found or others[:1]


def _cut(sentence: str, names: list[str]) -> list[str]:
    """The sentence split at the names."""
    pieces, rest = [], sentence
    for name in names:
        before, rest = re.split(rf"`?\b{name}\b`?", rest, maxsplit=1)
        pieces.append(before)
    return [*pieces, rest]
