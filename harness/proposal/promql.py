"""Parses the part of PromQL that conditions can express: selectors, numbers, functions, aggregations, operators.

Source of the grammar and of the precedence of operators: https://prometheus.io/docs/prometheus/latest/querying/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

_TOKEN = re.compile(
    r"""
    \s+
  | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
  | (?P<duration>\[[^\]]*\])
  | (?P<number>0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?![\w.:]))
  | (?P<time>(?:\d+(?:ms|[smhdwy]))+)
  | (?P<name>[a-zA-Z_:][\w:]*)
  | (?P<sign>==|!=|>=|<=|=~|!~|[-+*/%^<>(){},=@])
    """,
    re.VERBOSE | re.I,
)
_LEVELS = (("or",), ("and", "unless"), ("==", "!=", ">", "<", ">=", "<="), ("+", "-"), ("*", "/", "%"), ("^",))
_AGGREGATIONS = {"sum", "avg", "min", "max", "count", "topk", "bottomk", "quantile", "stddev", "stdvar", "group"}
_GROUPINGS = {"by", "without"}
_MATCHINGS = {"on", "ignoring", "group_left", "group_right"}


_COMMENT = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)|\#[^\n]*""")


class PromqlError(Exception):
    """The text is not PromQL, or more of it than this parser knows; the message says what."""


@dataclass(frozen=True)
class Number:
    """A literal."""

    value: float


@dataclass(frozen=True)
class Selector:
    """A metric with its label matchers (label, operator, value) and the duration of a range, "" for an instant."""

    name: str
    matchers: tuple[tuple[str, str, str], ...] = ()
    duration: str = ""


@dataclass(frozen=True)
class Call:
    """A function or an aggregation with its arguments."""

    function: str
    args: tuple[Node, ...]


@dataclass(frozen=True)
class Binary:
    """Two expressions and the operator between them."""

    op: str
    left: Node
    right: Node


Node: TypeAlias = "Number | Selector | Call | Binary"


def parse(text: str) -> Node:
    """The expression that a text spells. Raises PromqlError."""
    parser = _Parser(list(_tokens(one_line(text))))
    node = parser.level(0)
    if parser.here:
        raise PromqlError(f"`{parser.here}` is not understood")
    return node


def one_line(text: str) -> str:
    """The expression without its comments, on one line."""
    return " ".join(_COMMENT.sub(lambda found: found[1] or " ", text).split())


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise PromqlError(f"`{text[at : at + 20]}` is not understood")
        if found.lastgroup:
            yield found.lastgroup, found[0]
        at = found.end()


@dataclass
class _Parser:
    """Parses by descending one level of precedence after the other."""

    tokens: list[tuple[str, str]]
    at: int = 0

    @property
    def kind(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    @property
    def here(self) -> str:
        """The present token; "" at the end."""
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> bool:
        """Go on behind the present token if it is one of these, in any case."""
        found = self.kind != "string" and self.here.lower() in wanted
        self.at += found
        return found

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            raise PromqlError(f"expected `{sign}`, got `{self.here or 'the end'}`")

    def level(self, number: int) -> Node:
        """An expression with operators of this level of precedence and higher ones."""
        if number == len(_LEVELS):
            return self.unary()
        left = self.level(number + 1)
        while (op := self.here.lower()) in _LEVELS[number] and self.kind != "string":
            self.at += 1
            self.modifiers()
            left = Binary(op, left, self.level(number + (op != "^")))
        return left

    def modifiers(self) -> None:
        """`bool`, and which labels have to match: a condition has one value, so neither matters."""
        self.take("bool")
        while self.take(*_MATCHINGS):
            self.names()

    def unary(self) -> Node:
        if self.take("-"):
            return Binary("*", Number(-1.0), self.unary())
        self.take("+")
        return self.suffixed(self.primary())

    def primary(self) -> Node:
        if self.take("("):
            inside = self.level(0)
            self.expect(")")
            return inside
        if self.kind == "number":
            self.at += 1
            text = self.tokens[self.at - 1][1]
            return Number(float(int(text, 16)) if text.lower().startswith("0x") else float(text))
        if self.kind == "name":
            return self.named()
        if self.here == "{":
            return Selector("", tuple(self.matchers()))
        raise PromqlError(f"`{self.here or 'the end'}` is not understood")

    def named(self) -> Node:
        name = self.here
        self.at += 1
        if name.lower() in _AGGREGATIONS:
            self.grouping()
            args = self.arguments()
            self.grouping()
            return Call(name.lower(), args)
        if self.here == "(":
            return Call(name.lower(), self.arguments())
        return Selector(name, tuple(self.matchers()))

    def suffixed(self, node: Node) -> Node:
        """The range behind a selector; an offset, a subquery and a fixed time have no counterpart."""
        if self.kind == "duration":
            if not isinstance(node, Selector):
                raise PromqlError("a subquery is not supported")
            node = Selector(node.name, node.matchers, self.here.strip("[]"))
            self.at += 1
        if self.here.lower() in ("offset", "@"):
            raise PromqlError(f"`{self.here}` is not supported")
        return node

    def grouping(self) -> None:
        if self.take(*_GROUPINGS):
            self.names()

    def names(self) -> None:
        """Labels in parentheses, or none."""
        if self.take("("):
            while not self.take(")"):
                if not self.here:
                    raise PromqlError("`(` is not closed")
                self.at += 1

    def arguments(self) -> tuple[Node, ...]:
        self.expect("(")
        found: list[Node] = []
        while not self.take(")"):
            if self.kind == "string":
                raise PromqlError(f"an argument such as {self.here} is not supported")
            found.append(self.level(0))
            if self.here != ")":
                self.expect(",")
        return tuple(found)

    def matchers(self) -> Iterator[tuple[str, str, str]]:
        if not self.take("{"):
            return
        while not self.take("}"):
            label, op, value = (self._next() for _ in range(3))
            if op not in ("=", "!=", "=~", "!~"):
                raise PromqlError(f"`{label}{op}{value}` is not a label matcher")
            yield label, op, re.sub(r"\\(.)", r"\1", value[1:-1])
            if self.here != "}":
                self.expect(",")

    def _next(self) -> str:
        text = self.here
        self.at += 1
        return text
