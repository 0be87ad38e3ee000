"""Finds the names of metrics and labels in a PromQL expression."""

from __future__ import annotations

import re

_EXPRESSION = re.compile(r"\w\s*\(|\[\d+\w+(?::\w*)?\]|\}\s*[-+*/<>=]|\w\s+[-+*/<>=]+\s+\w")
_NO_NAMES = re.compile(
    r"""\"(?:[^"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\{[^{}]*\}|\[[^\[\]]*\]"""
    r"""|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)|\boffset\s+\w+|@\s*\S+"""
)
_NAME = re.compile(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])")
_WORDS = {"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "group_left", "group_right"}
_WORDS |= {"inf", "nan"}


def is_expression(text: str) -> bool:
    """Whether a text is more than the name of a metric with labels."""
    return bool(_EXPRESSION.search(re.sub(r"\{[^{}]*\}", "{}", text)))


def metric_names(expression: str) -> tuple[str, ...]:
    """The names of the metrics in an expression, each once, in order."""
    plain = expression
    for _ in range(2):  # labels may contain strings with braces
        plain = _NO_NAMES.sub(" ", plain)
    return tuple(dict.fromkeys(name for name in _NAME.findall(plain) if name.lower() not in _WORDS))


_STRING = re.compile(r"""\"(?:[^"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'""")
_SELECTOR = re.compile(r"\{([^{}]*)\}")
_MATCHER = re.compile(r"([A-Za-z_]\w*)\s*(?:=~|!~|!=|=)")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)\)")


def label_names(expression: str) -> tuple[str, ...]:
    """The names of the labels that an expression selects or groups by, each once, in order."""
    plain = _STRING.sub("''", expression)
    found = [name for selector in _SELECTOR.findall(plain) for name in _MATCHER.findall(selector)]
    found += [name.strip() for names in _GROUPING.findall(plain) for name in names.split(",") if name.strip()]
    return tuple(dict.fromkeys(found))
