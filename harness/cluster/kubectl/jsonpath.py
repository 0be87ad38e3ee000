"""kubectl's dialect of JSONPath: `{...}` templates, `range`/`end`, filters, unions, slices, recursive descent."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.machine.objects import Json

Step = Callable[[Sequence[Json]], list[Json]]
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge
}  # fmt: skip
QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
FILTER = re.compile(rf"\s*(?P<left>.+?)\s*(?:(?P<op>==|!=|<=|>=|<|>)\s*(?P<right>{QUOTED}|.+?)\s*)?$", re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Unparsable(Exception):
    """The template cannot be parsed; the message is kubectl's."""


class Unexecutable(Exception):
    """The template does not apply to the object; the message is kubectl's."""


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Path:
    steps: tuple[Step, ...]

    def find(self, value: Json) -> list[Json]:
        values: list[Json] = [value]
        for step in self.steps:
            values = step(values)
        return values


@dataclass(frozen=True)
class Range:
    over: Path
    body: tuple[Node, ...]


Node = Text | Path | Range


@dataclass(frozen=True)
class Template:
    """A parsed template and its text."""

    source: str
    nodes: tuple[Node, ...]

    def render(self, value: Json) -> str:
        """Return what kubectl prints for `value`. Raises Unexecutable."""
        return "".join(_render(self.nodes, value))

    def find(self, value: Json) -> list[Json]:
        """The values at the template's paths. Raises Unexecutable."""
        return [each for node in self.nodes if isinstance(node, Path) for each in node.find(value)]


def parse(source: str) -> Template:
    """Parse a template. Raises Unparsable."""
    return Template(source, tuple(_nodes(list(_actions(source)), source, inside=False)))


def relaxed(text: str) -> str:
    """Return `{.x.y}` for `x.y`, `.x.y`, `{x.y}` and `{.x.y}`, all of which name a field. Raises Unparsable."""
    inner = text[1:-1] if text.startswith("{") and text.endswith("}") else text
    if not inner or "{" in inner or "}" in inner:
        raise Unparsable(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
        )
    return "{" + (inner if inner.startswith(".") else f".{inner}") + "}"


def shown(value: Json) -> str:
    """A value as kubectl prints it: text as it is, everything else as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _render(nodes: Sequence[Node], value: Json) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, Text):
            yield node.text
        elif isinstance(node, Path):
            yield " ".join(shown(each) for each in node.find(value))
        else:
            for each in node.over.find(value):
                yield from _render(node.body, each)


def _actions(source: str) -> Iterator[tuple[str, str]]:
    """Split a template into `("text", …)` and `("action", …)`, the parts in braces; quotes can contain braces."""
    rest = source
    while rest:
        before, brace, rest = rest.partition("{")
        if before:
            yield "text", before
        if brace:
            inner = re.match(rf"((?:{QUOTED}|[^}}'\"])*)\}}", rest, re.DOTALL)
            if inner is None:
                raise Unparsable(f"error parsing jsonpath {source}, unclosed action")
            yield "action", inner[1].strip()
            rest = rest[inner.end() :]


def _nodes(actions: list[tuple[str, str]], source: str, *, inside: bool) -> list[Node]:
    """Parse nodes up to the `end` of the current range or of the template, and remove what was parsed."""
    nodes: list[Node] = []
    while actions:
        kind, text = actions.pop(0)
        if kind == "text":
            nodes.append(Text(text))
        elif text == "end" and inside:
            return nodes
        elif text == "end":
            raise Unparsable(f"error parsing jsonpath {source}, not in range, nothing to end")
        elif text.startswith("range"):
            nodes.append(
                Range(_path(text[len("range") :].strip(), source), tuple(_nodes(actions, source, inside=True)))
            )
        elif re.fullmatch(QUOTED, text, re.DOTALL):
            nodes.append(Text(_unquote(text)))
        elif text:
            nodes.append(_path(text, source))
    return nodes


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), text[1:-1], flags=re.DOTALL)


def _path(text: str, source: str) -> Path:
    rest, steps = text, []
    if rest[:1] in ("$", "@"):
        rest = rest[1:]
    elif rest and rest[0] not in ".[":
        name = (re.match(r"[\w-]+", rest) or [rest])[0]
        return Path((_refuse(f"unrecognized identifier {name}"),))
    while rest:
        step, rest = _step(rest, source)
        if step is not None:
            steps.append(step)
    return Path(tuple(steps))


def _step(rest: str, source: str) -> tuple[Step | None, str]:
    if rest.startswith("["):
        inner, rest = _bracket(rest, source)
        return _subscript(inner, source), rest
    if found := re.match(r"\.\.((?:[\w-]|\\.)+|\*)?", rest):
        return _descend(_unescape(found[1] or "*")), rest[found.end() :]
    if rest.startswith(".*"):
        return _every, rest[2:]
    if found := re.match(r"\.((?:[^.\[\]\\\s{}'\"|&;(),=<>!]|\\.)+)", rest):
        return _field(_unescape(found[1])), rest[found.end() :]
    if rest == "." or rest.startswith((".[", ". ")):
        return None, rest[1:].lstrip()
    raise Unparsable(
        f"error parsing jsonpath {source}, unrecognized character in action: U+{ord(rest[0]):04X} {rest[0]!r}"
    )


def _unescape(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name)


def _bracket(rest: str, source: str) -> tuple[str, str]:
    """The text between `[` and the matching `]`; quotes and filters can contain brackets."""
    depth, at = 0, 0
    while at < len(rest):
        if quoted := re.match(QUOTED, rest[at:], re.DOTALL):
            at += quoted.end()
            continue
        depth += {"[": 1, "]": -1}.get(rest[at], 0)
        at += 1
        if depth == 0:
            return rest[1 : at - 1].strip(), rest[at:]
    raise Unparsable(f"error parsing jsonpath {source}, unterminated array")


def _subscript(inner: str, source: str) -> Step:
    if inner == "*":
        return _every
    if inner.startswith("?(") and inner.endswith(")"):
        return _filter(inner[2:-1], source)
    if re.fullmatch(QUOTED, inner, re.DOTALL):
        return _field(_unquote(inner))
    if re.fullmatch(r"'[\w-]+'(\s*,\s*'[\w-]+')+", inner):
        return _union([_field(name) for name in re.findall(r"'([\w-]+)'", inner)])
    if re.fullmatch(r"-?\d+(\s*,\s*-?\d+)*", inner):
        return _union([_index(int(number)) for number in inner.split(",")])
    if found := re.fullmatch(r"(-?\d*):(-?\d*)(?::(-?\d*))?", inner):
        return _slice(*(int(part) if part else None for part in found.groups()))
    wrong = inner.partition(",")[0].strip("'")
    raise Unparsable(f"error parsing jsonpath {source}, invalid array index {wrong}")


def _refuse(why: str) -> Step:
    def refuse(values: Sequence[Json]) -> list[Json]:
        raise Unexecutable(why)

    return refuse


def _field(name: str) -> Step:
    """The values of a field; objects without it are omitted, as in kubectl."""
    return lambda values: [value[name] for value in values if isinstance(value, dict) and name in value]


def _children(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    return value if isinstance(value, list) else []


def _every(values: Sequence[Json]) -> list[Json]:
    return [child for value in values for child in _children(value)]


def _union(steps: Sequence[Step]) -> Step:
    return lambda values: [found for step in steps for found in step(values)]


def _index(number: int) -> Step:
    def pick(values: Sequence[Json]) -> list[Json]:
        found: list[Json] = []
        for value in values:
            if not isinstance(value, list):
                continue
            if not -len(value) <= number < len(value):
                raise Unexecutable(f"array index out of bounds: index {number}, length {len(value)}")
            found.append(value[number])
        return found

    return pick


def _slice(start: int | None, stop: int | None, step: int | None = None) -> Step:
    return lambda values: [each for value in values if isinstance(value, list) for each in value[start:stop:step]]


def _descend(name: str) -> Step:
    def walk(value: Json) -> Iterator[Json]:
        if name == "*":
            yield from _children(value)
        elif isinstance(value, dict) and name in value:
            yield value[name]
        for child in _children(value):
            yield from walk(child)

    return lambda values: [found for value in values for found in walk(value)]


def _filter(text: str, source: str) -> Step:
    found = FILTER.match(text)
    if found is None:
        raise Unparsable(f"error parsing jsonpath {source}, unrecognized filter {text}")
    left, right, sign = _operand(found["left"], source), found["right"], found["op"]
    if not sign:
        return lambda values: [item for item in _every(values) if left.find(item)]
    other = _operand(right, source)
    return lambda values: [item for item in _every(values) if _holds(left.find(item), sign, other.find(item))]


def _operand(text: str, source: str) -> Path:
    """A path, or a constant as a path."""
    if re.fullmatch(QUOTED, text, re.DOTALL):
        constant: Json = _unquote(text)
    elif re.fullmatch(r"true|false|null|-?\d+(\.\d+)?", text):
        constant = json.loads(text)
    else:
        return _path(text, source)
    return Path((lambda values: [constant for _ in values],))


def _holds(left: Sequence[Json], sign: str, right: Sequence[Json]) -> bool:
    if not left or not right:
        return False
    one, other = left[0], right[0]
    if sign in ("==", "!="):
        return (one == other and isinstance(one, bool) == isinstance(other, bool)) == (sign == "==")
    alike = any(isinstance(one, kind) and isinstance(other, kind) for kind in (int | float, str))
    return alike and COMPARE[sign](one, other)
