"""Names the most similar one of the names that exist."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], least: float = 0.6) -> str:
    """`; the nearest is X` with the most similar name; "" where none reaches the similarity `least`, 0 to 1."""
    from difflib import get_close_matches  # noqa: PLC0415  rarely needed

    found = get_close_matches(name, list(known), 1, least)
    return f"; the nearest is `{found[0]}`" if found else ""
