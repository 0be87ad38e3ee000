"""Finds the TODO comments of gameday.yaml, and the keys without a value that they are about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from harness.proposal.draft import TODO

_COMMENT = re.compile(rf"(?:^|(?<=\s))#[ \t]*{TODO}\b:?[ \t]*(?P<text>.*)", re.M)
_MORE = re.compile(r"\s*#\s{3,}(?P<text>\S.*)")


@dataclass(frozen=True)
class Todo:
    """A comment that a person has to act on, and then to remove."""

    line: int
    column: int
    text: str
    about: int
    """The line of the key that it is about: its own, or the first one below the comment."""
    path: tuple[str, ...] = ()
    """The keys to that line, such as `runbooks`, `TIMEOUT`, `fault`."""


def todos(text: str) -> Iterator[Todo]:
    """The TODO comments of a YAML text, wrapped ones as one; a text that only looks like one is inside of a value."""
    text = text.removeprefix("\ufeff")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    lines, values = text.split("\n"), list(_texts(root))
    for found in _COMMENT.finditer(text):
        if any(start <= found.start() < end for start, end in values):
            continue
        number = text.count("\n", 0, found.start())
        column = found.start() - (text.rfind("\n", 0, found.start()) + 1)
        alone = not lines[number][:column].strip()
        more = _more(lines[number + 1 :]) if alone else ()
        below = (at for at in range(number, len(lines)) if not _is_comment(lines[at]))
        about = next(below, number) if alone else number
        whole = " ".join([found["text"].strip(), *more])
        yield Todo(number + 1, column + 1, whole, about + 1, tuple(_path(root, about)))


def _more(lines: list[str]) -> Iterator[str]:
    for line in lines:
        found = _MORE.fullmatch(line.rstrip("\r"))
        if not found:
            return
        yield found["text"].strip()


def _is_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _path(root: yaml.Node | None, line: int) -> Iterator[str]:
    """The keys to what stands at a line, counted from zero."""
    node = root
    while isinstance(node, yaml.MappingNode):
        above = [pair for pair in node.value if pair[0].start_mark.line <= line]
        if not above:
            return
        key, node = above[-1]
        yield str(key.value)


def _texts(root: yaml.Node | None) -> Iterator[tuple[int, int]]:
    """Where texts begin and end."""
    nodes = [root] if root else []
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.ScalarNode):
            yield node.start_mark.index, node.end_mark.index
        elif isinstance(node, yaml.MappingNode):
            nodes += [each for pair in node.value for each in pair]
        else:
            nodes += node.value
