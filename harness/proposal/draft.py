"""What gameday.yaml should have, as a tree of keys, and its text in block and in flow style."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import yaml

TODO = "TODO"
"""Begins each comment that a person has to act on."""
APART = ("services", "runbooks")
"""The sections whose entries are separated by empty lines, as are the sections."""
_WIDTH = 120
_PLAIN = re.compile(r"[A-Za-z_][\w./-]*")
_RESERVED = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


@dataclass(frozen=True)
class Row:
    """One item of a list: a mapping on one line, such as `{line: 3, is: …}`."""

    keys: tuple[Key, ...]
    comment: str = ""
    """Stands behind it."""


@dataclass(frozen=True)
class Key:
    """One key of a mapping.

    The value is a text, a mapping (a tuple of keys), a list of texts, a list of rows, or None: a person decides it.
    """

    name: str
    value: Value
    comments: tuple[str, ...] = ()
    """Lines above the key, without `# `. They are written with the key only, never beside one that exists."""


Value: TypeAlias = "str | tuple[Key, ...] | list[str] | list[Row] | None"


def block(keys: Sequence[Key], column: int, *, apart: bool = False) -> Iterator[str]:
    """The lines of a mapping in block style at a column; `apart`: with an empty line between its keys."""
    for number, key in enumerate(keys):
        if apart and number:
            yield ""
        yield from _block_key(key, " " * column)


def row(item: Row, column: int) -> str:
    """The line of a list's item at a column."""
    behind = f"  # {_one_line(item.comment)}" if item.comment else ""
    return f"{' ' * column}- {_flow_keys(item.keys)}{behind}"


def flow(key: Key) -> str:
    """A key in flow style, as inside braces; it has no place for comments."""
    value = _flow_value(key.value)
    return f"{scalar(key.name)}: {value}" if value else f"{scalar(key.name)}: "


def scalar(text: str) -> str:
    """A text as YAML that is read as the same text, in flow style too: plain where that is safe, else in quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    if _is_plain(text):
        return text
    if text.isprintable() and text:
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, text)) + '"'


def comment(text: str, indent: str) -> Iterator[str]:
    """The lines of a comment, wrapped; the further ones are indented."""
    begin, more = f"{indent}# ", f"{indent}#   "
    wrapped = textwrap.wrap(_one_line(text), _WIDTH - len(more), break_long_words=False, break_on_hyphens=False)
    yield from (f"{more if number else begin}{line}" for number, line in enumerate(wrapped))


def _one_line(text: str) -> str:
    """A text for a comment, which has no escapes: what YAML does not allow there becomes `?`."""
    return "".join(sign if sign.isprintable() else "?" for sign in " ".join(text.split()))


def _escaped(sign: str) -> str:
    """A character inside of double quotes (YAML 1.1, chapter 5.7; JSON's pairs of surrogates are none there)."""
    if sign in '"\\':
        return f"\\{sign}"
    return sign if sign.isprintable() else f"\\U{ord(sign):08x}"


def _is_plain(text: str) -> bool:
    """Whether YAML reads the plain text as this text or as a number; it may then also stand in flow style."""
    if text.lower() in _RESERVED or text != text.strip() or not text.isprintable() or ": " in text:
        return False
    try:
        node = yaml.compose(f"{{k: {text}}}", Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return False
    if not isinstance(node, yaml.MappingNode):
        return False
    (_, value), *others = node.value
    plain = isinstance(value, yaml.ScalarNode) and value.style is None
    return bool(
        plain and not others and value.value == text and value.tag.rpartition(":")[2] in ("str", "int", "float")
    )


def _block_key(key: Key, indent: str) -> Iterator[str]:
    for text in key.comments:
        yield from comment(text, indent)
    begin = f"{indent}{scalar(key.name)}:"
    if isinstance(key.value, tuple):
        yield begin
        yield from block(key.value, len(indent) + 2, apart=not indent and key.name in APART)
    elif isinstance(key.value, list) and any(isinstance(each, Row) for each in key.value):
        yield begin
        yield from (row(each, len(indent) + 2) for each in key.value if isinstance(each, Row))
    else:
        yield f"{begin} {_flow_value(key.value)}".rstrip()


def _flow_keys(keys: Sequence[Key]) -> str:
    return "{" + ", ".join(flow(key) for key in keys) + "}"


def _flow_value(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return scalar(value)
    if isinstance(value, tuple):
        return _flow_keys(value)
    return "[" + ", ".join(_flow_keys(each.keys) if isinstance(each, Row) else scalar(each) for each in value) + "]"
