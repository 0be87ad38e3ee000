"""Checks that, combined, describe what a YAML document must look like; each reports every problem it finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from harness.schema.tree import Tree

Report: TypeAlias = Callable[[Tree, str, str], None]
"""Receives a problem: the wrong value, the path to it (`spec.target`), and the fact with what to do about it."""
Check: TypeAlias = Callable[[Tree, str, Report], None]


def mapping(required: Mapping[str, Check], optional: Mapping[str, Check], *rules: Check) -> Check:
    """A mapping with these keys and no others; null counts as absent. The rules check several keys together."""
    known = {**required, **optional}

    def check(tree: Tree, path: str, report: Report) -> None:
        if not isinstance(tree.value, Mapping):
            return _expected("a mapping", tree, path, report)
        for key, item in tree.value.items():
            if key not in known:
                report(item, join(path, key), f"unknown key; known keys: {', '.join(known)}")
        for key in required:
            if key not in tree.fields:
                report(tree, join(path, key), "missing; add it")
        for key, item in tree.fields.items():
            if key in known:
                known[key](item, join(path, key), report)
        for rule in rules:
            rule(tree, path, report)
        return None

    return check


def dictionary(item: Check, key: re.Pattern[str] | None = None, about: str = "") -> Check:
    """A mapping with any keys (that match the pattern) to values of one shape; null values are checked as well."""

    def check(tree: Tree, path: str, report: Report) -> None:
        if not isinstance(tree.value, Mapping):
            return _expected("a mapping", tree, path, report)
        for name, value in tree.value.items():
            if key and not key.fullmatch(name):
                fact = f"`{name}` is not a valid name for {about}; use letters, digits, `-`, `_` and `.`"
                report(value, join(path, name), fact)
            item(value, join(path, name), report)
        return None

    return check


def sequence(item: Check, low: int = 0, high: int | None = None) -> Check:
    """A list of `low` to `high` items (None: no upper limit)."""
    size = f"exactly {low}" if low == high else f"at least {low}"

    def check(tree: Tree, path: str, report: Report) -> None:
        if not isinstance(tree.value, tuple):
            return _expected("a list", tree, path, report)
        count = len(tree.value)
        if not low <= count <= (count if high is None else high):
            report(tree, path, f"expected {size} item{'' if low == 1 else 's'}, got {count}")
        for number, each in enumerate(tree.value):
            item(each, f"{path}[{number}]", report)
        return None

    return check


def text(high: int | None = None, pattern: re.Pattern[str] | None = None, about: str = "") -> Check:
    """Text that is not empty, has at most `high` characters, and matches the pattern that `about` describes."""

    def check(tree: Tree, path: str, report: Report) -> None:
        if not isinstance(tree.value, str):
            return _expected("text", tree, path, report, "; put it in quotes" if tree.is_scalar else "")
        if not tree.value:
            report(tree, path, "is empty; write something or leave it out")
        elif pattern and not pattern.fullmatch(tree.value):
            report(tree, path, f"`{tree.value[:80]}` is not {about}")
        elif high and len(tree.value) > high:
            report(tree, path, f"has {len(tree.value)} characters; the limit is {high}")
        return None

    return check


def scalar(tree: Tree, path: str, report: Report) -> None:
    """A text, number or boolean, to be used as it is written."""
    if not tree.is_scalar:
        _expected("text", tree, path, report)


def number(inside: Callable[[float], bool] = lambda _: True, about: str = "a number") -> Check:
    """A number in the range that `about` describes."""

    def check(tree: Tree, path: str, report: Report) -> None:
        value = tree.number()
        if value is None or not inside(value):
            _expected(about, tree, path, report)

    return check


def unchanged(item: Check) -> Check:
    """A value that YAML does not turn into another one: `010` would be 8, `1.10` would be 1.1, `yes` would be true."""

    def check(tree: Tree, path: str, report: Report) -> None:
        value = str(tree.value).lower() if isinstance(tree.value, bool) else str(tree.value)
        if isinstance(tree.value, bool | int | float) and tree.written.lower() not in (value, value.removesuffix(".0")):
            fact = f"`{tree.written}` would be read as {value}; write {value}, or put it in quotes if it is text"
            report(tree, path, fact)
        else:
            item(tree, path, report)

    return check


def choice(*values: str) -> Check:
    """One of these texts."""

    def check(tree: Tree, path: str, report: Report) -> None:
        if tree.value not in values:
            _expected(" or ".join(values), tree, path, report)

    return check


def boolean(tree: Tree, path: str, report: Report) -> None:
    """True or false."""
    if not isinstance(tree.value, bool):
        _expected("true or false", tree, path, report)


def anything(_tree: Tree, _path: str, _report: Report) -> None:
    """Any value."""


def filled(tree: Tree, path: str, report: Report) -> None:
    """A mapping that is not empty."""
    if not tree.entries:
        report(tree, path, "expected a mapping with at least one key")


def either(*keys: str) -> Check:
    """A mapping with exactly one of these keys."""

    def check(tree: Tree, path: str, report: Report) -> None:
        found = [key for key in keys if key in tree.fields]
        if len(found) != 1:
            fact = f"{' and '.join(found)} exclude each other; keep one" if found else f"give {' or '.join(keys)}"
            report(tree, path, fact)

    return check


def nullable(item: Check) -> Check:
    """Null, or a value that passes `item`."""

    def check(tree: Tree, path: str, report: Report) -> None:
        if tree.value is not None:
            item(tree, path, report)

    return check


def join(path: str, key: str) -> str:
    """The path of a key below `path`."""
    return f"{path}.{key}" if path else key


def _expected(what: str, tree: Tree, path: str, report: Report, action: str = "") -> None:
    report(tree, path, f"expected {what}, got {_shown(tree)}{action}")


def _shown(tree: Tree) -> str:
    if isinstance(tree.value, Mapping):
        return "a mapping"
    if isinstance(tree.value, tuple):
        return "a list"
    if tree.value is None:
        return "nothing"
    text = str(tree.value).lower() if isinstance(tree.value, bool) else str(tree.value)
    return f"`{' '.join(text[:80].split())}`"
