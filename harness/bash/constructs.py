"""Finds in a syntax tree the constructs that matter to the policy, and the places where the parse is uncertain."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from harness.bash.tree import text_of

_ARITHMETIC = ("arithmetic_expansion", "c_style_for_statement", "subscript")
_BRACES = re.compile(r"\{[^{}]*(,|\.\.)[^{}]*\}")
_NUMBERS = re.compile(r"\{\d+\.\.\d+\}")


def constructs(nodes: list[Node]) -> Iterator[str]:
    """Yield the name of each construct; see `Script.constructs`."""
    for node in nodes:
        if _is_background(node):
            yield "background"
        elif node.type == "process_substitution":
            yield "process_substitution"
        elif _is_arithmetic(node):
            yield "arithmetic"
        elif node.type == "expansion" and _is_indirect(node):
            yield "indirection"
        elif node.type == "list":
            yield "chain"


def arithmetic(nodes: list[Node]) -> Iterator[str]:
    """Yield each text that bash computes with; see `Script.arithmetic`."""
    for node in nodes:
        if node.type == "c_style_for_statement":
            body = node.child_by_field_name("body")
            yield text_of(node)[: (body.start_byte if body else node.end_byte) - node.start_byte]
        elif node.type == "subscript":
            yield from (text_of(index) for index in node.children_by_field_name("index"))
        elif _is_arithmetic(node):
            yield text_of(node if node.type in _ARITHMETIC or node.parent is None else node.parent)


def _is_background(node: Node) -> bool:
    inside = node.parent
    return node.type == "&" and not node.is_named and inside is not None and not inside.type.endswith("_expression")


def _is_arithmetic(node: Node) -> bool:
    if node.type in _ARITHMETIC or (node.type == "((" and not node.is_named):
        return True
    compares = node.type == "test_operator" and re.fullmatch("-(eq|ne|lt|le|gt|ge)", text_of(node))
    return bool(compares) and _in_brackets(node)


def _in_brackets(node: Node) -> bool:
    """Whether the test is in `[[ … ]]`, which evaluates its operands as arithmetic; `[ … ]` does not."""
    inner: Node | None = node
    while inner is not None and inner.type != "test_command":
        inner = inner.parent
    return inner is not None and inner.children[0].type == "[["


def _is_indirect(node: Node) -> bool:
    """Whether an expansion evaluates text: `${!name}` and `${name@P}` as code, `${name:1:2}` as arithmetic."""
    return any(child.type in ("!", "@", ":") and not child.is_named for child in node.children) or "@" in text_of(node)


def doubts(nodes: list[Node]) -> Iterator[str]:
    """Yield each place where the tree may not be what bash reads."""
    for node in nodes:
        if node.is_error or node.is_missing:
            yield f"`{text_of(node) or node.type}` is not valid bash"
        elif node.type == "word" and not node.named_children and _is_ambiguous(text_of(node)):
            yield f"`{text_of(node)}` is an ambiguous word"
        elif node.type == "concatenation" and _BRACES.search(plain := _unquoted(node)) and not _NUMBERS.search(plain):
            yield f"`{text_of(node)}` is a brace expansion"


def _is_ambiguous(word: str) -> bool:
    """Whether a word has a character that bash would have read as something else."""
    return bool(re.search(r"(?<!\\)[`\"';|<>()]|\n", word.replace("\\\n", "")))


def _unquoted(node: Node) -> str:
    return "".join(text_of(child) for child in node.children if child.type in ("word", "number"))
