"""Parses toggles (a variable, its old and its new value) from sentences, assignments and table rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from harness.model import Command, Part, Toggle, Unread
from harness.runbook.blocks import Block, Code, Paragraph, Table
from harness.runbook.context import said
from harness.runbook.inline import Span
from harness.runbook.items import each, row_as_paragraph, unread
from harness.runbook.shell import CONSOLES, SHELLS, commands
from harness.runbook.wording import aside

_NO_TOGGLE = "not a toggle: write a variable and its new value, such as `NAME`: Increase from 3 to 5, or NAME=5"
_NAME = re.compile(r"(?<![\w.\-/$])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{3,}[A-Z0-9]*)(?![\w\-/])")
_ENV = re.compile(r"[A-Za-z_]\w*")


def _value(name: str) -> str:
    quoted = rf"""`(?P<{name}_code>[^`]+)`|"(?P<{name}_double>[^"]*)"|'(?P<{name}_single>[^']*)'"""
    return rf"""(?:{quoted}|(?P<{name}_bare>[^\s,;()`"'|]{{1,100}}))"""


_OLD, _NEW = _value("old"), _value("new")
_UNIT = r"(?:\s*(?:ms|milliseconds?|s|sec(?:ond)?s?|m|min(?:ute)?s?|%|percent|connections?|attempts?|retries|[MG]i?B))?"
_BEFORE = r"(?:was|from|default(?:s to)?|current(?:ly)?|normally|instead of|previously|old)"
_WAS = rf"\b{_BEFORE}\b(?:\s+value)?\s*[:=]?\s*{_OLD}"
_SETTER = r"(?:set|change|switch|update|adjust|turn|flip|move|put)"
_MOVER = r"(?:increase|decrease|raise|lower|reduce|bump|drop|extend|shorten|cut|scale|grow|double|halve|limit|cap)"
_AFTER = r"(?:for|if|when|until|while|temporar\w*|during|as|so|and|or|because|to|in|on|only|instead|at|once|\()"
_END = rf"(?=$|[.,;)!]|\s+{_AFTER})"
_LITERAL = r"\W?(?:\S*\d|(?:true|false|on|off|yes|no|enabled|disabled|debug|info|warn(?:ing)?|error|trace|none|null)\b)"
_FORMS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"\bfrom\s+{_OLD}{_UNIT}\s+to\s+{_NEW}",
        rf"{_OLD}{_UNIT}\s*(?:-{{1,3}}>|={{1,3}}>|→|➜|⇒)\s*{_NEW}",
        rf"\bold(?:\s+value)?\s*[:=]\s*{_OLD}.*?\bnew(?:\s+value)?\s*[:=]\s*{_NEW}",
        rf"^\W*(?={_LITERAL}){_OLD}{_UNIT}\s+to\s+{_NEW}{_UNIT}\W*$",
        rf"\b{_MOVER}\b[^.;]*?\bto\s+(?=\W?\d){_NEW}",
        rf"\b{_SETTER}\b[^.;]*?(?:\bto\s+|=\s*){_NEW}{_END}",
        rf"^(?:set\s+)?=\s*{_NEW}",
        rf"^(?:set\s+)?(?:to\s+)?(?={_LITERAL}){_NEW}{_UNIT}\s*\.?\s*(?:$|\(|#|,|and\b)",
    )
)
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
            old = cells.get("old", "").strip("-–— ")
            yield Toggle(paragraph.line, paragraph.text, cells["name"], old or None, cells["new"], manual)
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
    return (
        paragraph.bullet
        and bool(_names(paragraph.text))
        and not _toggles(paragraph.line, paragraph.text, paragraph.text)
    )


def _item(paragraph: Paragraph) -> Iterator[Part]:
    yield from _with(_why_manual(paragraph), _sentence(paragraph.line, paragraph.text, paragraph.text))


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
        found = _toggles(part.line, part.text, re.sub(r"^(export|set|-)\s+", "", part.text))
        comment = f" ({part.title})" if isinstance(part, Command) and part.title else ""
        manual = part.manual if isinstance(part, Command) else ""
        yield from (replace(toggle, old=toggle.old or _was(comment), manual=manual) for toggle in found)
        yield from () if found else (part,)


def _sentence(line: int, text: str, sentence: str) -> Iterator[Part]:
    found = _toggles(line, text, sentence)
    yield from found
    left = [name for name in _names(sentence) if "_" in name and name not in {toggle.name for toggle in found}]
    if not found:
        yield Unread(line, text, _NO_TOGGLE)
    elif left:
        yield Unread(line, text, f"more than one variable in one item: no value was read for {', '.join(left)}")


def _toggles(line: int, text: str, sentence: str) -> list[Toggle]:
    """A toggle for each variable for which the sentence states a value."""
    names = _names(sentence)
    if not names:
        return []
    before, *after = _cut(sentence, names)
    values = [_values(f"{before if n == 0 else ''} {rest}") for n, rest in enumerate(after)]
    if len(names) > 1 and not all(values[:-1]) and all(re.fullmatch(r"\W*(and)?\W*", rest) for rest in after[:-1]):
        values = [_values(f"{before} {after[-1]}")] * len(names)
    elif len(names) > 1 and not all(values):
        names, values = names[:1], [_values(before + sentence.split(names[0], 1)[1].lstrip("`"))]
    return [Toggle(line, text, name, *pair) for name, pair in zip(names, values, strict=True) if pair]


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


def _values(text: str) -> tuple[str | None, str] | None:
    """(old, new) from the text about one variable; None where it states no new value."""
    for form in _FORMS:
        match = form.search(text.strip(" :–—|"))
        new = _taken(match, "new") if match else None
        if match and new is not None:
            return _taken(match, "old") or _was(text), new
    return None


def _was(text: str) -> str | None:
    match = re.search(_WAS, text, re.I)
    return _taken(match, "old") if match else None


def _taken(match: re.Match[str], name: str) -> str | None:
    groups = match.groupdict()
    quoted = next(
        (groups[f"{name}_{how}"] for how in ("code", "double", "single") if groups.get(f"{name}_{how}")), None
    )
    bare = groups.get(f"{name}_bare")
    return quoted or (bare.rstrip(".:!") if bare else None)
