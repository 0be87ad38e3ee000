"""Sets of names, written as one text."""

from __future__ import annotations


def names(text: str) -> frozenset[str]:
    """`"get describe"` -> {"get", "describe"}."""
    return frozenset(text.split())
