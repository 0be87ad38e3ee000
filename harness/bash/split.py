"""Splits a block of shell into its top-level statements, each exactly as written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tree_sitter import Node

from harness.bash.tree import syntax_tree

_PLACEHOLDER = re.compile(r"(?<![<\w])<[A-Za-z][\w.-]*(?: [\w.-]+)*>(?!>)", re.ASCII)
_LONGEST_STATEMENT = 200
"""The most lines that are parsed as one statement in a block with a syntax error."""
_MOST_TRIES = 5000
"""The most lines that are parsed again in such a block; those after them are leftovers."""


@dataclass(frozen=True)
class Statement:
    """One top-level statement."""

    line: int
    """1-based, in the block."""
    text: str
    """As written."""
    title: str = ""
    """The comment above it or behind it."""


@dataclass(frozen=True)
class Leftover:
    """Text of the block that is not a statement."""

    line: int
    """1-based, in the block."""
    text: str
    why: str


def split(source: str) -> tuple[Statement | Leftover, ...]:
    """Return every statement of `source`, and every text that is not one, in order.

    A placeholder such as `<pod>` is read as a word, not as two redirections. Lines that belong to no complete statement
    are leftovers; the lines around them are still read.
    """
    if not _tree(source).has_error:
        return tuple(_read(source))
    broken = _broken_lines(source.split("\n"))
    kept = "\n".join(_blank(line) if n in broken else line for n, line in enumerate(source.split("\n")))
    why = "not shell that can be run: this line is not a complete command"
    left = [Leftover(n + 1, source.split("\n")[n].strip(), why) for n in sorted(broken)]
    return tuple(sorted([*_read(kept), *left], key=lambda found: found.line))


def _tree(source: str) -> Node:
    """Parse `source` with its placeholders replaced by words of the same length, so that byte offsets stay valid."""
    return syntax_tree(_PLACEHOLDER.sub(lambda found: "p" * len(found[0]), source))


def _blank(line: str) -> str:
    return " " * len(line.encode())


def _broken_lines(lines: list[str]) -> set[int]:
    """Return the indices of the lines at which no complete statement begins, however many lines it may span."""
    broken: set[int] = set()
    at = tries = 0
    while at < len(lines):
        last = min(len(lines), at + _LONGEST_STATEMENT) if tries < _MOST_TRIES else at
        end = next((end for end in range(at + 1, last + 1) if is_complete("\n".join(lines[at:end]))), None)
        tries += (end or last) - at
        if end is None:
            broken.add(at)
        at = end or at + 1
    return broken


def is_complete(source: str) -> bool:
    """Whether a shell would run `source` as it is, without waiting for another line (open quote, loop, pipe)."""
    return not _tree(source).has_error


def _read(source: str) -> Iterator[Statement | Leftover]:
    raw = source.encode()
    comments: list[Node] = []
    last: Statement | None = None
    last_row = -1
    for node in _tree(source).named_children:
        if node.type == "comment" and last and node.start_point.row == last_row:
            last = replace(last, title="; ".join(filter(None, (last.title, _text([node])))))
        elif node.type == "comment":
            comments.append(node)
        else:
            yield from (last,) if last else ()
            title, orphans = _title(comments)
            yield from orphans
            last, last_row, comments = _statement(node, raw, title), node.end_point.row, []
    yield from (last,) if last else ()
    yield from (_orphan(node) for node in comments if _text([node]))


def _statement(node: Node, raw: bytes, title: str) -> Statement:
    after = node.next_sibling
    end = after.end_byte if after and after.type == "&" else node.end_byte
    return Statement(node.start_point.row + 1, raw[node.start_byte : end].decode().rstrip(), title)


def _title(comments: list[Node]) -> tuple[str, list[Leftover]]:
    """Return the text of the comment lines directly above a statement, and the comments before those as leftovers."""
    first = len(comments)
    while first and _belongs(comments, first - 1):
        first -= 1
    return _text(comments[first:]), [_orphan(node) for node in comments[:first] if _text([node])]


def _belongs(comments: list[Node], at: int) -> bool:
    if _shebang(comments[at]):
        return False
    return at == len(comments) - 1 or comments[at + 1].start_point.row == comments[at].start_point.row + 1


def _text(comments: list[Node]) -> str:
    lines = [(node.text or b"").decode().strip("#-=*~ \t\r") for node in comments]
    return " ".join(line for line in lines if line)


def _shebang(node: Node) -> bool:
    return node.start_byte == 0 and (node.text or b"").startswith(b"#!")


def _orphan(node: Node) -> Leftover:
    why = "a shebang: the commands run in bash" if _shebang(node) else "a comment without a command below it"
    return Leftover(node.start_point.row + 1, (node.text or b"").decode(), why)
