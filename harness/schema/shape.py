"""Small checks that put together say what a document has to look like; each tells every problem it finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from harness.schema.tree import Tree

Tell = Callable[[Tree, str, str], None]
"""Takes the value that is wrong, the path to it, and the fact with the next act."""
Check = Callable[[Tree, str, Tell], None]


def mapping(required: Mapping[str, Check], optional: Mapping[str, Check], *rules: Check) -> Check:
    """These keys and no others, null counting as absent; the rules look at several keys together."""
    known = {**required, **optional}

    def check(tree: Tree, path: str, tell: Tell) -> None:
        if not isinstance(tree.value, Mapping):
            return tell(tree, path, f"a mapping belongs here, not {_kind(tree)}")
        for key, item in tree.value.items():
            if key not in known:
                tell(item, _join(path, key), f"not known here; known are {', '.join(known)}")
        for key in required:
            if key not in tree.fields:
                tell(tree, _join(path, key), "missing; add it")
        for key, item in tree.fields.items():
            if key in known:
                known[key](item, _join(path, key), tell)
        for rule in rules:
            rule(tree, path, tell)
        return None

    return check


def dictionary(key: re.Pattern[str], item: Check, about: str) -> Check:
    """Keys that match the pattern, all values of one form."""

    def check(tree: Tree, path: str, tell: Tell) -> None:
        if not isinstance(tree.value, Mapping):
            return tell(tree, path, f"a mapping belongs here, not {_kind(tree)}")
        for word, value in tree.value.items():
            if not key.fullmatch(word):
                tell(
                    value,
                    _join(path, word),
                    f"`{word}` is no name for {about}; write letters, digits, `-`, `_` and `.`",
                )
            item(value, _join(path, word), tell)
        return None

    return check


def sequence(item: Check, low: int, high: int | None = None) -> Check:
    """A list of `low` to `high` items."""
    size = f"exactly {low}" if low == high else f"at least {low}"

    def check(tree: Tree, path: str, tell: Tell) -> None:
        if not isinstance(tree.value, tuple):
            return tell(tree, path, f"a list belongs here, not {_kind(tree)}")
        if not low <= len(tree.value) <= (len(tree.value) if high is None else high):
            tell(tree, path, f"{size} belongs here, not {len(tree.value)}")
        for number, each in enumerate(tree.value):
            item(each, f"{path}[{number}]", tell)
        return None

    return check


def text(high: int | None = None, pattern: re.Pattern[str] | None = None, about: str = "") -> Check:
    """Text that is not empty, of at most `high` characters, and matches."""

    def check(tree: Tree, path: str, tell: Tell) -> None:
        if not isinstance(tree.value, str):
            quoted = "; put it in quotes" if isinstance(tree.value, bool | int | float) else ""
            return tell(tree, path, f"text belongs here, not {_kind(tree)}{quoted}")
        if not tree.value:
            tell(tree, path, "is empty; write something or leave it out")
        elif pattern and not pattern.fullmatch(tree.value):
            tell(tree, path, f"`{tree.value[:80]}` is not {about}")
        elif high and len(tree.value) > high:
            tell(tree, path, f"has {len(tree.value)} characters; at most {high} belong here")
        return None

    return check


def number(inside: Callable[[float], bool] = lambda _: True, about: str = "a number") -> Check:
    """A number in a range."""

    def check(tree: Tree, path: str, tell: Tell) -> None:
        value = tree.number()
        if value is None:
            tell(tree, path, f"{about} belongs here, not {_kind(tree)}")
        elif not inside(value):
            tell(tree, path, f"{value:g} is not {about}")

    return check


def choice(*words: str) -> Check:
    """One of some words."""

    def check(tree: Tree, path: str, tell: Tell) -> None:
        if tree.value not in words:
            tell(tree, path, f"`{_shown(tree)}` is not {' or '.join(words)}")

    return check


def boolean(tree: Tree, path: str, tell: Tell) -> None:
    """True or false."""
    if not isinstance(tree.value, bool):
        tell(tree, path, f"true or false belongs here, not {_kind(tree)}")


def anything(_tree: Tree, _path: str, _tell: Tell) -> None:
    """No demand."""


def filled(tree: Tree, path: str, tell: Tell) -> None:
    """A mapping with something in it."""
    if not isinstance(tree.value, Mapping) or not tree.value:
        tell(tree, path, "a mapping with something in it belongs here")


def either(*keys: str) -> Check:
    """Exactly one of these keys."""

    def check(tree: Tree, path: str, tell: Tell) -> None:
        found = [key for key in keys if key in tree.fields]
        if len(found) != 1:
            fact = f"{' and '.join(found)} exclude each other; keep one" if found else f"give {' or '.join(keys)}"
            tell(tree, path, fact)

    return check


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _kind(tree: Tree) -> str:
    if isinstance(tree.value, Mapping):
        return "a mapping"
    return "a list" if isinstance(tree.value, tuple) else "nothing" if tree.value is None else f"`{_shown(tree)}`"


def _shown(tree: Tree) -> str:
    return str(tree.value).lower() if isinstance(tree.value, bool) else " ".join(str(tree.value)[:80].split())
