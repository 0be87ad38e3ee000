"""The tables of docs/reference/record.md, generated from the events. `python -m tests.support.record_reference` writes
them into the page."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from harness.record.codec import KINDS, UNIONS, fields_of, plain, range_of
from harness.record.events import PhaseName
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "reference" / "record.md"
BEGIN = "<!-- generated: python -m tests.support.record_reference -->\n"


def _choices(args: tuple[Any, ...]) -> str:
    return ", ".join(f"`{choice}`" for choice in args)


_FIRST = tuple(each for each in get_args(PhaseName) if each.startswith("control-"))
_PHASES = (
    f"A string. In order: {_choices(get_args(PhaseName)[len(_FIRST) :])}.\n"
    f"A drill with a sequential control has, before them: {_choices(_FIRST)}."
)
_JSON = {bool: "boolean", int: "integer", float: "number", str: "string"}


def tables() -> str:
    """A section per kind of event and per part, each with a table of its fields."""
    parts: dict[type, None] = {}
    sections = ["## Events\n", *(_section(f"`{kind}`", cls, parts) for kind, cls in KINDS.items()), "## Parts\n"]
    for part in _growing(parts):
        sections.append(_section(_name(part), part, parts))
    return "\n".join([*sections, f"### phase\n\n{_PHASES}\n"])


def _growing(parts: dict[type, None]) -> Iterator[type]:
    """Return the keys, including those that are added on the way."""
    done: set[type] = set()
    while left := [part for part in parts if part not in done]:
        done.add(left[0])
        yield left[0]


def _section(title: str, cls: type, parts: dict[type, None]) -> str:
    text = " ".join((cls.__doc__ or "").split())
    rows = [_row(name, hint, parts) for name, hint in fields_of(cls).items()]
    return "\n".join([f"### {title}", "", text, "", "| field | type | meaning |", "|---|---|---|", *rows, ""])


def _row(name: str, hint: Any, parts: dict[type, None]) -> str:
    bare, meaning = plain(hint)
    return f"| `{name}` | {_type(bare, parts)} | {meaning} |"


def _type(hint: Any, parts: dict[type, None]) -> str:
    hint = range_of(hint)[0]
    origin: Any = get_origin(hint)
    args = get_args(hint)
    if origin in UNIONS:
        return f"{_type(args[0], parts)} or null"
    if origin is tuple:
        count = "" if args[-1] is ... else f"{len(args)} "
        return f"array of {count}{_type(args[0], parts)}"
    if origin is Mapping:
        return f"object of {_type(args[1], parts)}"
    if args:
        return "[phase](#phase)" if hint == PhaseName else _choices(args)
    if dataclasses.is_dataclass(hint):
        parts[hint] = None
        return f"[{_name(hint)}](#{_name(hint).replace(' ', '-')})"
    return _JSON[hint]


def _name(cls: type) -> str:
    """`load slice` for LoadSlice."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in cls.__name__).strip()


def with_tables(page: str) -> str:
    """The page with its generated part replaced."""
    return page.split(BEGIN, maxsplit=1)[0] + BEGIN + "\n" + tables()


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
