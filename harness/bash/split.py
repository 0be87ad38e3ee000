"""Splits a block of shell into its top-level statements, each exactly as written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from tree_sitter import Node

from harness.bash.lines import Group, Grouping, has_blank_behind_backslash
from harness.bash.tree import syntax_tree, walk

_PLACEHOLDER = re.compile(r"(?<![<\w])<[A-Za-z][\w.-]*(?: [\w.-]+)*>(?!>)|<%=[^%\n]*%>", re.ASCII)
_MOST_TRIES = 5000
"""The most texts that are parsed to find the statements of a block; lines after them are leftovers."""


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
    lines = source.split("\n")
    grouping = Grouping(lines, is_complete, _MOST_TRIES)
    found: list[Statement | Leftover] = []
    first = at = 0  # `first`: of the comments above the statement
    while at < len(lines):
        if not lines[at].strip() or lines[at].lstrip().startswith("#"):
            at += 1
            continue
        group = grouping.at(at)
        if group.whole:
            found += _placed(_group(lines, first, group), first)
            first = group.end
        else:
            found.append(_broken(lines, group))
            lines = [*lines[:at], *[""] * (group.end - at), *lines[group.end :]]
        at = group.end
    return tuple(sorted([*found, *_placed(_read("\n".join(lines[first:])), first)], key=lambda part: part.line))


def _placed(found: Iterable[Statement | Leftover], above: int) -> Iterator[Statement | Leftover]:
    """The parts with lines of the whole block; `above` is the number of lines above their text."""
    yield from (replace(part, line=part.line + above) for part in found)


def _broken(lines: Sequence[str], group: Group) -> Leftover:
    text = "\n".join(lines[group.start : group.end]).strip()
    if group.unended:
        return Leftover(group.start + 1, text, f"its here-document has no end: no line is `{group.unended}` alone")
    return Leftover(group.start + 1, text, "not shell that can be run: this line is not a complete command")


def _group(lines: Sequence[str], first: int, group: Group) -> Iterator[Statement | Leftover]:
    """The statements of a group with the comments above it; one, as written, where the tree is not what bash reads."""
    text = "\n".join(lines[group.start : group.end])
    whole = "\n".join(lines[first : group.end])
    found = () if _tree(whole).has_error or has_blank_behind_backslash(text) else tuple(_read(whole))
    begin = group.start - first + 1
    if found and all(part.line == begin for part in found if isinstance(part, Statement)):
        yield from found
        return
    above = lines[first : group.start]
    for part in _read("\n".join([*above, "true"])):
        yield replace(part, text=text) if isinstance(part, Statement) else part


@lru_cache(maxsize=256)
def _tree(source: str) -> Node:
    """Parse `source` once, with its placeholders replaced by words of the same length, so that byte offsets stay."""
    return syntax_tree(_PLACEHOLDER.sub(lambda found: "p" * len(found[0]), source))


def is_complete(source: str) -> bool:
    """Whether a shell would run `source` as it is, without waiting for another line (open quote, loop, pipe)."""
    return not _tree(source).has_error


def starts_of(source: str, program: str) -> list[int]:
    """Where a program of this name begins a command, in order, also inside of loops and substitutions."""
    raw = source.encode()
    nodes = (node for node in walk(_tree(source)) if node.type == "command_name")
    return [len(raw[: node.start_byte].decode()) for node in nodes if node.text == program.encode()]


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
    """The words of comments, with one blank between two."""
    lines = [(node.text or b"").decode().strip("#-=*~ \t\r") for node in comments]
    return " ".join(" ".join(lines).split())


def _shebang(node: Node) -> bool:
    return node.start_byte == 0 and (node.text or b"").startswith(b"#!")


def _orphan(node: Node) -> Leftover:
    why = "a shebang: the commands run in bash" if _shebang(node) else "a comment without a command below it"
    return Leftover(node.start_point.row + 1, (node.text or b"").decode(), why)
