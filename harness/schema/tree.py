"""YAML as a tree in which every value knows its file, line and column.

PyYAML's safe loader parses the text; numbers, booleans and null are resolved as it resolves them, a timestamp stays
text. Input that costs more than a configuration file needs is refused: size, depth, aliases that multiply.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import yaml

MAX_CHARS, MAX_VALUES, MAX_DEPTH = 1_000_000, 50_000, 60
_TAG = "tag:yaml.org,2002:"
_SCALARS = {f"{_TAG}{name}" for name in ("str", "int", "float", "bool", "null", "timestamp")}

Scalar: TypeAlias = str | int | float | bool | None
Plain: TypeAlias = "Scalar | list[Plain] | dict[str, Plain]"


@dataclass(frozen=True)
class Tree:
    """One YAML value, its place (`slos/gateway.yaml:12:5`), and its text as written ("" unless a scalar)."""

    value: Scalar | tuple[Tree, ...] | Mapping[str, Tree]
    place: str
    written: str = ""

    @property
    def fields(self) -> Mapping[str, Tree]:
        """The entries of a mapping that are not null; empty for any other value."""
        return {key: item for key, item in self.entries.items() if item.value is not None}

    @property
    def entries(self) -> Mapping[str, Tree]:
        """The entries of a mapping, null ones included; empty for any other value."""
        return self.value if isinstance(self.value, Mapping) else {}

    @property
    def items(self) -> tuple[Tree, ...]:
        """The items of a list; empty for any other value."""
        return self.value if isinstance(self.value, tuple) else ()

    @property
    def is_scalar(self) -> bool:
        """Whether this is a text, number or boolean: not a mapping, a list or null."""
        return isinstance(self.value, str | int | float)

    def at(self, *path: str) -> Tree | None:
        """The value below these keys; None where one is missing or null."""
        found: Tree | None = self
        for key in path:
            found = found.fields.get(key) if found else None
        return found

    def text(self, *path: str) -> str | None:
        """The text below these keys; None where there is none."""
        found = self.at(*path)
        return found.value if found and isinstance(found.value, str) else None

    def number(self, *path: str) -> float | None:
        """The number below these keys; None where there is none."""
        found = self.at(*path)
        number = found.value if found else None
        return None if isinstance(number, bool) or not isinstance(number, int | float) else float(number)

    def plain(self) -> Plain:
        """The value without places."""
        if isinstance(self.value, Mapping):
            return {key: item.plain() for key, item in self.value.items()}
        return [item.plain() for item in self.value] if isinstance(self.value, tuple) else self.value


class UnreadableError(Exception):
    """The text is not YAML, or uses YAML that is refused; the message begins with the place."""


def from_plain(value: Plain, place: str) -> Tree:
    """A tree of values that stand in no file of their own: all of them get the same place."""
    if isinstance(value, dict):
        return Tree({key: from_plain(item, place) for key, item in value.items()}, place)
    if isinstance(value, list):
        return Tree(tuple(from_plain(item, place) for item in value), place)
    return Tree(value, place, "" if value is None else str(value))


def read(text: str, name: str) -> list[Tree]:
    """The documents of a YAML stream without the empty ones; `name` is the file in places. Raises UnreadableError."""
    if len(text) > MAX_CHARS:
        raise UnreadableError(f"{name}: longer than {MAX_CHARS} characters; split it into several files")
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
        builder = _Builder(name)
        trees = [builder.whole(node) for node in nodes if node is not None]
    except RecursionError:
        raise UnreadableError(f"{name}: nested deeper than {MAX_DEPTH} levels; flatten it") from None
    except yaml.MarkedYAMLError as error:
        place = _place(name, error.problem_mark) if error.problem_mark else f"{name}:1:1"
        raise UnreadableError(f"{place}: not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise UnreadableError(f"{name}: not YAML: {' '.join(str(error).split())}") from None
    if builder.doubled:
        raise UnreadableError("\n".join(builder.doubled))
    return [tree for tree in trees if tree.value is not None]


def _place(name: str, mark: yaml.Mark) -> str:
    return f"{name}:{mark.line + 1}:{mark.column + 1}"


class _Builder:
    """Builds one document's tree from nodes; each use of an alias is built again, so that its cost is counted."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loader = yaml.SafeLoader("")
        self._values = 0
        self.doubled: list[str] = []
        """The keys that are given twice, with their places."""

    def whole(self, node: yaml.Node) -> Tree:
        """The tree of one document. Raises UnreadableError."""
        self._values = 0
        return self.build(node)

    def build(self, node: yaml.Node, depth: int = 0) -> Tree:
        self._values += 1
        if self._values > MAX_VALUES:
            raise self._refusal(node, f"more than {MAX_VALUES} values; use fewer aliases")
        if depth > MAX_DEPTH:
            fact = f"nested deeper than {MAX_DEPTH} levels (an alias inside itself?); flatten it"
            raise self._refusal(node, fact)
        place = _place(self._name, node.start_mark)
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return Tree(self._mapping(node, depth), place)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return Tree(tuple(self.build(item, depth + 1) for item in node.value), place)
        value = self._scalar(node)
        return Tree(value, place, "" if value is None else str(node.value))

    def _refusal(self, node: yaml.Node, fact: str) -> UnreadableError:
        return UnreadableError(f"{_place(self._name, node.start_mark)}: {fact}")

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Tree]:
        """Own keys override merged ones (`<<`), of which the first wins; duplicate keys are noted."""
        own: dict[str, Tree] = {}
        merged: dict[str, Tree] = {}
        for key, item in node.value:
            tree = self.build(item, depth + 1)
            if key.tag == f"{_TAG}merge":
                merged = {**dict(_merged(tree)), **merged}
                continue
            own[self._new_key(key, own)] = tree
        return {**merged, **own}

    def _new_key(self, key: yaml.Node, own: Mapping[str, Tree]) -> str:
        if not isinstance(key, yaml.ScalarNode):
            raise self._refusal(key, "a list or mapping cannot be a key; write text")
        if key.value in own:
            self.doubled.append(str(self._refusal(key, f"`{key.value}` is given twice; keep one")))
        return str(key.value)

    def _scalar(self, node: yaml.Node) -> Scalar:
        if node.tag not in _SCALARS:
            raise self._refusal(node, f"the tag `{node.tag}` is not supported; write the value without it")
        if isinstance(node, yaml.ScalarNode) and node.style is None and node.value in ("y", "Y", "n", "N"):
            return bool(node.value in "yY")  # YAML 1.1 and other readers have booleans here; PyYAML has text
        if node.tag in (f"{_TAG}str", f"{_TAG}timestamp"):
            return str(node.value)
        try:
            value = self._loader.construct_object(node)
        except ValueError as error:
            raise self._refusal(node, f"`{str(node.value)[:40]}` is not a number: {error}") from None
        if isinstance(value, int | float) and not abs(value) <= sys.float_info.max:
            raise self._refusal(node, f"`{node.value}` is not a finite number; write a finite one")
        return value if isinstance(value, bool | int | float) else None


def _merged(tree: Tree) -> Iterator[tuple[str, Tree]]:
    for source in reversed(tree.items or (tree,)):
        yield from source.fields.items()
