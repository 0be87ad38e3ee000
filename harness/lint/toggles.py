"""Environment toggles of a document: items that name a variable in capitals and what to set it to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from harness.lint.document import Document
from harness.lint.page import Place
from harness.lint.patterns import lazy

_ITEM = lazy(
    r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]+(?:\*\*)?`?(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`?(?:\*\*)?[ \t]*(?::|–|—|-|="
    r"|\bto\b)[ \t]*(?P<rest>[^\n]+)$",
    re.M,
)
_SETS = lazy(
    r"\b(?:increase|raise|decrease|lower|reduce|set|change|bump|double|halve|enable|disable|turn|switch|toggle)\b|->"
    r"|→|\bfrom\b.+\bto\b",
    re.I,
)
_OLD = lazy(r"\bfrom\s+\S+|\bdefault\b|\bcurrent\w*\b|\bwas\b|->|→|\bold\b|\bnormal(?:ly)?\b", re.I)
_UP = lazy(r"\b(?:increase|raise|bump|double|extend)\b", re.I)


@dataclass(frozen=True, slots=True)
class Toggle:
    """One toggle: its variable, its text, and whether the text states the value before."""

    place: Place
    name: str
    text: str
    has_old: bool
    goes_up: bool


@lru_cache(maxsize=1)
def toggles(document: Document) -> tuple[Toggle, ...]:
    """The toggles of a document in order."""
    return tuple(_toggles(document))


def _toggles(document: Document) -> Iterator[Toggle]:
    if "_" not in document.prose:
        return
    for place, found in document.matches(_ITEM, document.prose):
        text = found["rest"].strip()
        if _SETS.search(text) and len(text) < 200:
            shift = found.start("name") - found.start()
            end = place.column + shift + len(found["name"])
            at = Place(place.line, place.column + shift, end)
            goes_up = bool(_UP.search(text)) or _rises(text)
            yield Toggle(at, found["name"], text, bool(_OLD.search(text)), goes_up)


def _rises(text: str) -> bool:
    found = re.search(r"(\d+(?:\.\d+)?)\s*(?:->|→|to)\s*(\d+(?:\.\d+)?)", text)
    return bool(found) and float(found[2]) > float(found[1]) if found else False
