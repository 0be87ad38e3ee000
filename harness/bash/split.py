"""A block of shell, cut into its top-level statements by tree-sitter-bash, each exactly as written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tree_sitter import Node

from harness.bash.tree import syntax_tree

_PLACEHOLDER = re.compile(r"(?<![<\w])<[A-Za-z][\w.-]*(?: [\w.-]+)*>(?!>)", re.ASCII)
_LONGEST_STATEMENT = 200  # lines tried as one statement in a block that holds an error
_MOST_TRIES = 5000  # in such a block; what is left after them is not read


@dataclass(frozen=True)
class Statement:
    """One top-level statement: `text` as written, 1-based `line` in the block, byte range, comment above as `title`."""

    line: int
    text: str
    start_byte: int
    end_byte: int
    title: str = ""


@dataclass(frozen=True)
class Leftover:
    """Text of the block that is no statement, its 1-based line in the block, and why."""

    line: int
    text: str
    why: str


def split(source: str) -> tuple[Statement | Leftover, ...]:
    """Every statement of `source` and every text that is none, in order.

    A placeholder such as `<pod>` counts as a word, not as two redirections. Lines that no reading turns into a complete
    statement are leftovers; the lines around them are still read.
    """
    if not _tree(source).has_error:
        return tuple(_read(source))
    broken = _broken_lines(source.split("\n"))
    kept = "\n".join(_blank(line) if n in broken else line for n, line in enumerate(source.split("\n")))
    why = "not shell that can be run: no reading of this line gives a complete command"
    left = [Leftover(n + 1, source.split("\n")[n].strip(), why) for n in sorted(broken)]
    return tuple(sorted([*_read(kept), *left], key=lambda found: found.line))


def _tree(source: str) -> Node:
    """The syntax tree with placeholders masked by words of the same length, so that byte ranges fit `source`."""
    return syntax_tree(_PLACEHOLDER.sub(lambda found: "p" * len(found[0]), source))


def _blank(line: str) -> str:
    return " " * len(line.encode())


def _broken_lines(lines: list[str]) -> set[int]:
    """Indices of the lines that begin no complete statement, however many of the following lines are taken along."""
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
    """Whether a shell would run `source` and not wait for a further line (open quote, loop, pipe, final backslash)."""
    return not _tree(source).has_error


def _read(source: str) -> Iterator[Statement | Leftover]:
    raw = source.encode()
    comments: list[Node] = []
    last: Statement | None = None
    last_row = -1
    for node in _tree(source).named_children:
        if node.type == "comment" and last and node.start_point.row == last_row:
            last = replace(last, title="; ".join(filter(None, (last.title, _words([node])))))
        elif node.type == "comment":
            comments.append(node)
        else:
            yield from (last,) if last else ()
            title, orphans = _title(comments)
            yield from orphans
            last, last_row, comments = _statement(node, raw, title), node.end_point.row, []
    yield from (last,) if last else ()
    yield from (_orphan(node) for node in comments if _words([node]))


def _statement(node: Node, raw: bytes, title: str) -> Statement:
    after = node.next_sibling
    end = after.end_byte if after and after.type == "&" else node.end_byte
    text = raw[node.start_byte : end].decode().rstrip()
    return Statement(node.start_point.row + 1, text, node.start_byte, node.start_byte + len(text.encode()), title)


def _title(comments: list[Node]) -> tuple[str, list[Leftover]]:
    """The words of the last unbroken run of comment lines, and the comments before it, which title nothing."""
    first = len(comments)
    while first and _belongs(comments, first - 1):
        first -= 1
    return _words(comments[first:]), [_orphan(node) for node in comments[:first] if _words([node])]


def _belongs(comments: list[Node], at: int) -> bool:
    if _shebang(comments[at]):
        return False
    return at == len(comments) - 1 or comments[at + 1].start_point.row == comments[at].start_point.row + 1


def _words(comments: list[Node]) -> str:
    lines = [(node.text or b"").decode().strip("#-=*~ \t\r") for node in comments]
    return " ".join(line for line in lines if line)


def _shebang(node: Node) -> bool:
    return node.start_byte == 0 and (node.text or b"").startswith(b"#!")


def _orphan(node: Node) -> Leftover:
    why = "a shebang: the commands run in bash" if _shebang(node) else "a comment with no command below it"
    return Leftover(node.start_point.row + 1, (node.text or b"").decode(), why)
