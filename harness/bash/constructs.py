"""What a tree of bash shows beside its commands: constructs that matter, and where the reading is unsure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from harness.bash.tree import text_of

_ARITHMETIC = ("arithmetic_expansion", "c_style_for_statement", "subscript")
_BRACES = re.compile(r"\{[^{}]*(,|\.\.)[^{}]*\}")
_NUMBERS = re.compile(r"\{\d+\.\.\d+\}")


def constructs(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if (
            node.type == "&"
            and not node.is_named
            and node.parent is not None
            and not node.parent.type.endswith("_expression")
        ):
            yield "background"
        elif node.type == "process_substitution":
            yield "process_substitution"
        elif (
            node.type in _ARITHMETIC
            or (node.type == "((" and not node.is_named)
            or (
                node.type == "test_operator"
                and re.fullmatch("-(eq|ne|lt|le|gt|ge)", text_of(node))
                and _in_brackets(node)
            )
        ):
            yield "arithmetic"
        elif node.type == "expansion" and _indirect(node):
            yield "indirection"
        elif node.type == "list":
            yield "chain"


def _in_brackets(node: Node) -> bool:
    """`[[ … ]]` computes its numbers, `[ … ]` only reads them."""
    inner: Node | None = node
    while inner is not None and inner.type != "test_command":
        inner = inner.parent
    return inner is not None and inner.children[0].type == "[["


def _indirect(node: Node) -> bool:
    """`${!name}` and `${name@P}` read text as code; `${name:1:2}` computes."""
    return any(child.type in ("!", "@", ":") and not child.is_named for child in node.children) or "@" in text_of(node)


def doubts(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if node.is_error or node.is_missing:
            yield f"not bash: `{text_of(node) or node.type}`"
        elif (
            node.type == "word"
            and not node.named_children
            and re.search(r"(?<!\\)[`\"';|<>()]|\n", text_of(node).replace("\\\n", ""))
        ):
            yield f"an unclear word: `{text_of(node)}`"
        elif node.type == "concatenation" and _BRACES.search(plain := _unquoted(node)) and not _NUMBERS.search(plain):
            yield f"braces that make several words: `{text_of(node)}`"


def _unquoted(node: Node) -> str:
    return "".join(text_of(child) for child in node.children if child.type in ("word", "number"))
