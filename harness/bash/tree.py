"""The tree-sitter syntax tree of a bash text."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

_PARSER = Parser(Language(tree_sitter_bash.language()))


def syntax_tree(text: str) -> Node:
    """Return the root node. A syntax error is a node of its own in the tree; see `Node.has_error`."""
    return _PARSER.parse(text.encode()).root_node


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and all its descendants, parents first."""
    yield node
    for child in node.children:
        yield from walk(child)


def text_of(node: Node) -> str:
    """Return the source text of a node."""
    return (node.text or b"").decode(errors="replace")
