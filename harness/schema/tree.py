"""YAML text as a tree whose every value knows its place, so that a problem can be told with file and line.

The loader is PyYAML's safe one up to its nodes. Numbers, booleans and null are resolved as it does; a timestamp stays
the text it is. What costs more than a file of this kind ever needs is refused: size, depth, aliases that multiply.
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
    """One value and where it stands: `slos/gateway.yaml:12`."""

    value: Scalar | tuple[Tree, ...] | Mapping[str, Tree]
    place: str

    @property
    def fields(self) -> Mapping[str, Tree]:
        """The entries of a mapping that are not null; none of anything else."""
        if not isinstance(self.value, Mapping):
            return {}
        return {key: item for key, item in self.value.items() if item.value is not None}

    @property
    def items(self) -> tuple[Tree, ...]:
        """The items of a list; none of anything else."""
        return self.value if isinstance(self.value, tuple) else ()

    def at(self, *path: str) -> Tree | None:
        """What stands below these keys; None where one is missing or null."""
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
    """Not YAML, or not such as is read; the message has the place."""


def grow(value: Plain, place: str) -> Tree:
    """A tree of values that stand in no file of their own: all at one place."""
    if isinstance(value, dict):
        return Tree({key: grow(item, place) for key, item in value.items()}, place)
    return Tree(tuple(grow(item, place) for item in value) if isinstance(value, list) else value, place)


def read(text: str, name: str) -> list[Tree]:
    """The documents of a YAML stream; empty ones are left out. Raises UnreadableError."""
    if len(text) > MAX_CHARS:
        raise UnreadableError(f"{name}: longer than {MAX_CHARS} characters; split it into several files")
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
        trees = [_Gardener(name).grow(node) for node in nodes if node is not None]
    except RecursionError:
        raise UnreadableError(f"{name}: nested too deep; at most {MAX_DEPTH} levels are read") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UnreadableError(f"{name}:{line}: not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise UnreadableError(f"{name}: not YAML: {' '.join(str(error).split())}") from None
    return [tree for tree in trees if tree.value is not None]


class _Gardener:
    """Grows one document's tree from nodes; an alias is grown anew each time, so that its cost is counted."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loader = yaml.SafeLoader("")
        self._values = 0

    def grow(self, node: yaml.Node, depth: int = 0) -> Tree:
        place = self._place(node)
        self._values += 1
        if self._values > MAX_VALUES:
            raise UnreadableError(f"{place}: more than {MAX_VALUES} values; write the aliases out, or fewer of them")
        if depth > MAX_DEPTH:
            raise UnreadableError(
                f"{place}: nested too deep (an alias inside itself?); at most {MAX_DEPTH} levels are read"
            )
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return Tree(self._mapping(node, depth), place)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return Tree(tuple(self.grow(item, depth + 1) for item in node.value), place)
        return Tree(self._scalar(node), place)

    def _place(self, node: yaml.Node) -> str:
        return f"{self._name}:{node.start_mark.line + 1}"

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Tree]:
        """Own keys before merged ones (`<<`), of which the first wins; a key given twice is refused."""
        own: dict[str, Tree] = {}
        merged: dict[str, Tree] = {}
        for key, item in node.value:
            tree = self.grow(item, depth + 1)
            if key.tag == f"{_TAG}merge":
                merged = {**dict(_merged(tree)), **merged}
                continue
            word = key.value if isinstance(key, yaml.ScalarNode) else None
            if word is None or word in own:
                fact = "a key has to be one word" if word is None else f"`{word}` is given twice; keep one"
                raise UnreadableError(f"{self._place(key)}: {fact}")
            own[word] = tree
        return {**merged, **own}

    def _scalar(self, node: yaml.Node) -> Scalar:
        if node.tag not in _SCALARS:
            raise UnreadableError(
                f"{self._place(node)}: the tag `{node.tag}` is not read here; write the value plainly"
            )
        if isinstance(node, yaml.ScalarNode) and node.style is None and node.value in ("y", "Y", "n", "N"):
            return bool(node.value in "yY")  # as YAML 1.1 has it and others' readers do; PyYAML takes it for text
        if node.tag in (f"{_TAG}str", f"{_TAG}timestamp"):
            return str(node.value)
        try:
            value = self._loader.construct_object(node)
        except ValueError as error:
            raise UnreadableError(f"{self._place(node)}: `{str(node.value)[:40]}` is no number: {error}") from None
        if isinstance(value, int | float) and not abs(value) <= sys.float_info.max:
            raise UnreadableError(
                f"{self._place(node)}: `{node.value}` is no number to compare with; write a finite one"
            )
        return value if isinstance(value, bool | int | float) else None


def _merged(tree: Tree) -> Iterator[tuple[str, Tree]]:
    for source in reversed(tree.items or (tree,)):
        yield from source.fields.items()
