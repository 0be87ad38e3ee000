"""Sets of names, written as one line of text."""

from __future__ import annotations

from harness.bash.script import Word

NOT_ALLOWED = "not an allowed option"


def split_refusal(word: Word) -> str:
    """Return why a word may not be an argument of a program whose options are checked; "" if it may."""
    split = word.computed and word.splits
    return (
        f"`{word.raw}` is only known at run time and could become an option; put it in double quotes" if split else ""
    )


def names(text: str) -> frozenset[str]:
    """`"get describe"` -> {"get", "describe"}."""
    return frozenset(text.split())
