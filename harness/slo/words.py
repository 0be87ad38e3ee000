"""The words that a document and a one-line condition share."""

from __future__ import annotations

import re

TYPE = "gameday"
"""What `metricSource.type` says when its spec is in our words."""
SYMBOLS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
STATES = {"health": ("failing", "ok"), "breaker": ("open", "closed")}
"""Measures that have two states: 1 and 0."""
_BARE = re.compile(r'(?:[^,{"\s]|\{[^}]*\})+')


def argument(word: str) -> str:
    """An argument as the grammar reads it back: in quotes where it must be."""
    if _BARE.fullmatch(word):
        return word
    escaped = re.sub(r'\\(?=["\\]|$)|"', r"\\\g<0>", word)
    return f'"{escaped}"'
