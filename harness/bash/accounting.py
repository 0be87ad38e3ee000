"""Finds the bytes of a text for which its syntax tree does not account.

tree-sitter's grammar has no error node for some texts that bash reads in another way: a substitution inside a plain
token, a command on the next line that becomes an argument, the end of a here-document. So a text is certain only where
every token has the form of its kind, and where nothing but blanks stands between the tokens, with newlines only where
bash allows them inside a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from tree_sitter import Node

from harness.bash.tree import text_of

_BLANKS = re.compile(rb"(?:[ \t]|(?<=[ \t\n])\\\n|\\\n(?=[ \t\\#]))*")
_LINES = re.compile(rb"(?:[ \t\n]|(?<=[ \t\n])\\\n|\\\n(?=[ \t\\#]))*")
_EXPANDS = re.compile(rb"(?:[^\\$`]|\\.|\$(?![({\[]))*", re.DOTALL)
"""A text in which bash expands nothing but plain variables."""
_ESCAPED = re.compile(rb"`.*\\[$`\\\"]", re.DOTALL)
_REST_OF_LINE = re.compile(rb"(?:[^\\\n]|\\.)*\n", re.DOTALL)
_LEAVES = {
    kind: re.compile(form, re.DOTALL)
    for kind, form in {
        "comment": rb"#[^\n]*",
        "raw_string": rb"'[^']*'",
        "ansi_c_string": rb"\$'(?:[^'\\]|\\.)*'",
        "regex": rb"(?:[^\\$`\n'\"]|\\[^\n]|\$(?![({\['\"]))*",
        "extglob_pattern": rb"(?:[^\\$`\n'\"]|\\[^\n])*",
        "variable_name": rb"\w+",
        "special_variable_name": rb"[*@?!#$_0-]|\d+",
        "number": rb"-?[\w#]+",
        "file_descriptor": rb"\d+|\{\w+\}",
        "test_operator": rb"-[a-zA-Z]+|[=!<>~]+",
        "heredoc_start": rb"\w+|'\w+'|\"\w+\"|\\\w+",
        "heredoc_end": rb"\w+",
    }.items()
}
_TEXTS = ("string", "heredoc_body")
"""Nodes with text between their children: only their expansions are nodes."""
_OF_LINES = (
    "program", "compound_statement", "subshell", "do_group", "if_statement", "elif_clause", "else_clause",
    "case_statement", "case_item", "while_statement", "for_statement", "c_style_for_statement", "function_definition",
    "command_substitution", "process_substitution", "array", "test_command", "arithmetic_expansion",
)  # fmt: skip
"""Nodes that may have a newline between any two of their children."""
_OPERATORS = ("|", "|&", "&&", "||")
_RESERVED = (
    "if", "then", "else", "elif", "fi", "case", "esac", "for", "select", "while", "until", "do", "done", "in",
    "function", "{", "}", "!", "]]", "coproc",
)  # fmt: skip
_BEFORE_COMMENT = b" \t\n;&|()"


def unaccounted(source: bytes, nodes: list[Node]) -> Iterator[str]:
    """Yield why the tree of `source`, given by all its nodes, may not be what bash reads."""
    for node in nodes:
        start, end = node.start_byte, node.end_byte
        if node.type in _TEXTS:
            yield from _text(source, node)
        elif not node.child_count:
            yield from _leaf(source, node)
        elif not _is_blank(source, node, start, end):
            yield f"`{text_of(node)}` has text that belongs to no command; write one command a line"
        if node.type == "heredoc_redirect":
            yield from _heredoc(source, node)
        elif node.type == "command_substitution" and _ESCAPED.match(source, start, end):
            yield f"`{text_of(node)}` has a backslash in backticks; write $(…)"
        elif node.type == "redirected_statement" and _has_stray_words(node):
            yield f"`{text_of(node)}` has a command behind a redirection; put the redirection at its end"
    if nodes and not (
        _LINES.fullmatch(source[: nodes[0].start_byte]) and _LINES.fullmatch(source[nodes[0].end_byte :])
    ):
        yield "it has text that belongs to no command; write one command a line"


def _leaf(source: bytes, node: Node) -> Iterator[str]:
    form = _LEAVES.get(node.type)
    text = source[node.start_byte : node.end_byte]
    if form is not None and not form.fullmatch(text):
        yield f"`{text_of(node)}` may contain a command; assign `$(…)` to a variable first"
    if node.type == "comment" or (node.type == "word" and text.startswith(b"#")):
        starts = node.start_byte == 0 or source[node.start_byte - 1] in _BEFORE_COMMENT
        if starts != (node.type == "comment"):
            yield f"`{text_of(node)}` may be a comment; put it in quotes"
    inside = node.parent
    if inside is not None and inside.type == "command_name" and text.decode(errors="replace") in _RESERVED:
        yield f"`{text_of(node)}` is a reserved word; put it in quotes, or the statement on a line of its own"


def _is_blank(source: bytes, node: Node, start: int, end: int) -> bool:
    """Whether only blanks stand between the children of a node, with newlines only where bash allows them."""
    children = node.children
    if children[0].start_byte != start and node.type != "program":
        return False
    if children[-1].end_byte != end and not (
        node.type in _OF_LINES and _LINES.fullmatch(source, children[-1].end_byte, end)
    ):
        return False
    if node.type == "concatenation":
        return all(left.end_byte == right.start_byte for left, right in pairwise(children))
    after = children[0]
    for left, right in pairwise(children):
        after = after if left.type == "comment" else left
        gap = _LINES if _may_break(node, after, right) else _BLANKS
        if left.end_byte != right.start_byte and not gap.fullmatch(source, left.end_byte, right.start_byte):
            return False
    return True


def _may_break(node: Node, after: Node, right: Node) -> bool:
    """Whether a newline may stand between the child `after`, or the comment behind it, and the child `right`."""
    if node.type == "test_command":
        return node.children[0].type == "[["
    return node.type in _OF_LINES or after.type in _OPERATORS or right.type == "heredoc_body"


def _has_stray_words(node: Node) -> bool:
    """Whether words stand behind a redirection of what is no plain command, so that they are a command of their own."""
    body = node.child_by_field_name("body")
    redirects = [child for child in node.children if child.type.endswith("_redirect")]
    words = [
        each.children_by_field_name("destination")[1:] + each.children_by_field_name("argument") for each in redirects
    ]
    return any(words) and (body is None or body.type != "command")


def _text(source: bytes, node: Node) -> Iterator[str]:
    """A text may expand only what is a node of its own."""
    if node.type == "heredoc_body" and node.parent is not None and _is_quoted(node.parent):
        return
    at = node.start_byte
    for child in [*node.named_children, None]:
        end = child.start_byte if child else node.end_byte
        if child is not None and child.type in ("string_content", "heredoc_content"):
            continue
        if not _EXPANDS.fullmatch(source, at, end):
            text = source[at:end].decode(errors="replace").strip()
            yield f"`{text}` may contain a command; assign `$(…)` to a variable first"
        at = child.end_byte if child else end


def _is_quoted(redirect: Node) -> bool:
    start = next((child for child in redirect.children if child.type == "heredoc_start"), None)
    return start is not None and text_of(start)[0] in "'\"\\"


def _heredoc(source: bytes, node: Node) -> Iterator[str]:
    """The body of a here-document begins on the next line, and ends at the first line that is the delimiter."""
    parts = {child.type: child for child in node.children}
    start, body, end = (parts.get(f"heredoc_{name}") for name in ("start", "body", "end"))
    if start is None or body is None or end is None:
        yield f"`{text_of(node)}` is a here-document without an end"
        return
    delimiter = text_of(start).strip("'\"\\").encode()
    tabs = rb"\t*" if "<<-" in parts else b""
    line = re.compile(rb"^" + tabs + re.escape(delimiter) + rb"$", re.MULTILINE)
    rest = _REST_OF_LINE.match(source, start.end_byte)
    first = rest.end() if rest else len(source)
    found = line.search(source, first)
    begins = source[first : body.start_byte].strip(b"\t") == b"" and first <= body.start_byte
    joined = not _is_quoted(node) and found is not None and source[first : found.start()].endswith(b"\\\n")
    if not begins or joined or found is None or found.end() != end.end_byte:
        yield f"`{text_of(node)}` is a here-document whose end is unclear; begin it on the line after its command"
