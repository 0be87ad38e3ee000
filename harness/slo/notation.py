"""The notation that OpenSLO documents and one-line conditions share: operators, states, quoted arguments."""

from __future__ import annotations

import re

TYPE = "gameday"
"""The `metricSource.type` of a spec that docs/reference/slos.md defines."""
SYMBOLS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
STATES = {"health": ("failing", "ok"), "breaker": ("open", "closed")}
"""Measures with two states, and the names of state 1 and state 0."""
_BARE = re.compile(r'(?:[^,{"\s]|\{[^}]*\})+')


def argument(text: str) -> str:
    """An argument of a condition in the form that the grammar parses back: in quotes where it needs them."""
    if _BARE.fullmatch(text):
        return text
    escaped = re.sub(r'\\(?=["\\]|$)|"', r"\\\g<0>", text)
    return f'"{escaped}"'
