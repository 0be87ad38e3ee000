"""Sets of names, written as one line of text."""

from __future__ import annotations

NOT_ALLOWED = "not an allowed option"


def names(text: str) -> frozenset[str]:
    """`"get describe"` -> {"get", "describe"}."""
    return frozenset(text.split())
