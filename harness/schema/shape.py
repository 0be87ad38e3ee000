"""Checks that, combined, describe what a YAML document must look like; each reports every problem it finds.

Each combination also has the JSON Schema (draft 2020-12) of what passes it, for editors: `schema_of`. It is as exact
as JSON Schema can be; a check without one passes anything there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from harness.schema.tree import Plain, Tree

Report: TypeAlias = Callable[[Tree, str, str], None]
"""Receives a problem: the wrong value, the path to it (`spec.target`), and the fact with what to do about it."""
Check: TypeAlias = Callable[[Tree, str, Report], None]
JsonSchema: TypeAlias = "dict[str, Plain]"


@dataclass(frozen=True)
class Shape:
    """A check with the JSON Schema of what passes it."""

    check: Check
    schema: JsonSchema

    def __call__(self, tree: Tree, path: str, report: Report) -> None:
        """Check a value."""
        self.check(tree, path, report)


def shaped(schema: JsonSchema) -> Callable[[Check], Shape]:
    """Decorator of a check: give it a JSON Schema."""
    return lambda check: Shape(check, schema)


def described(text: str, item: Check) -> Shape:
    """The same check, with a text that editors show beside the value."""
    return Shape(item, {**schema_of(item), "description": text})


def schema_of(check: Check) -> JsonSchema:
    """The JSON Schema of what passes a check."""
    return check.schema if isinstance(check, Shape) else {}


def mapping(required: Mapping[str, Check], optional: Mapping[str, Check], *rules: Check) -> Shape:
    """A mapping with these keys and no others; null counts as absent. The rules check several keys together."""
    known = {**required, **optional}
    properties: dict[str, Plain] = {key: schema_of(item) for key, item in required.items()}
    properties |= {key: _or_null(schema_of(item)) for key, item in optional.items()}
    schema: JsonSchema = {"type": "object", "properties": properties, "additionalProperties": False}
    schema |= {"required": list(required)} if required else {}
    together = [schema_of(rule) for rule in rules if schema_of(rule)]
    schema |= {"allOf": list[Plain](together)} if together else {}

    def check(tree: Tree, path: str, report: Report) -> None:
        if not isinstance(tree.value, Mapping):
            return _expected("a mapping", tree, path, report)
        for key, item in tree.value.items():
            if key not in known:
                report(item, join(path, key), f"unknown key; known keys: {', '.join(known)}")
        for key in required:
            if key not in tree.fields:
                report(tree.value.get(key, tree), join(path, key), "missing; add it")
        for key, item in tree.fields.items():
            if key in known:
                known[key](item, join(path, key), report)
        for rule in rules:
            rule(tree, path, report)
        return None

    return Shape(check, schema)


def dictionary(item: Check, key: re.Pattern[str] | None = None, about: str = "") -> Shape:
    """A mapping with any keys (that match the pattern) to values of one shape; null values are checked as well."""

    def check(tree: Tree, path: str, report: Report) -> None:
        if not isinstance(tree.value, Mapping):
            return _expected("a mapping", tree, path, report)
        for name, value in tree.value.items():
            if key and not key.fullmatch(name):
                fact = f"`{name}` is not a valid name for {about}; use letters, digits, `-`, `_` and `.`"
                report(value, join(path, name), fact)
            item(value, join(path, name), report)
        return None

    schema: JsonSchema = {"type": "object", "additionalProperties": schema_of(item)}
    return Shape(check, schema | ({"propertyNames": _matching(key)} if key else {}))


def sequence(item: Check, low: int = 0, high: int | None = None) -> Shape:
    """A list of `low` to `high` items (None: no upper limit)."""
    size = f"exactly {low}" if low == high else f"at least {low}"

    def check(tree: Tree, path: str, report: Report) -> None:
        if not isinstance(tree.value, tuple):
            return _expected("a list", tree, path, report)
        count = len(tree.value)
        if not low <= count <= (count if high is None else high):
            report(tree, path, f"expected {size} item{'' if low == 1 else 's'}, got {count}")
        for number, each in enumerate(tree.value):
            item(each, f"{path}[{number}]", report)
        return None

    schema: JsonSchema = {"type": "array", "items": schema_of(item)}
    schema |= {"minItems": low} if low else {}
    return Shape(check, schema if high is None else {**schema, "maxItems": high})


def text(high: int | None = None, pattern: re.Pattern[str] | None = None, about: str = "") -> Shape:
    """Text that is not empty, has at most `high` characters, and matches the pattern that `about` describes."""

    def check(tree: Tree, path: str, report: Report) -> None:
        if not isinstance(tree.value, str):
            return _expected("text", tree, path, report, "; put it in quotes" if tree.is_scalar else "")
        if not tree.value:
            report(tree, path, "is empty; write something or leave it out")
        elif pattern and not pattern.fullmatch(tree.value):
            report(tree, path, f"`{tree.value[:80]}` is not {about}")
        elif high and len(tree.value) > high:
            report(tree, path, f"has {len(tree.value)} characters; the limit is {high}")
        return None

    schema: JsonSchema = {"type": "string", "minLength": 1}
    schema |= {"maxLength": high} if high else {}
    return Shape(check, {**schema, **(_matching(pattern) if pattern else {})})


@shaped({"type": ["string", "number", "boolean"]})
def scalar(tree: Tree, path: str, report: Report) -> None:
    """A text, number or boolean, to be used as it is written."""
    if not tree.is_scalar:
        _expected("text", tree, path, report)


def number(inside: Callable[[float], bool] = lambda _: True, about: str = "a number", **limits: float) -> Shape:
    """A number in the range that `about` describes, and for JSON Schema `limits`, such as `exclusiveMinimum=0`."""

    def check(tree: Tree, path: str, report: Report) -> None:
        value = tree.number()
        if value is None or not inside(value):
            _expected(about, tree, path, report)

    return Shape(check, {"type": "number", **limits})


def unchanged(item: Check) -> Shape:
    """A value that YAML does not turn into another one: `010` would be 8, `1.10` would be 1.1, `yes` would be true."""

    def check(tree: Tree, path: str, report: Report) -> None:
        value = str(tree.value).lower() if isinstance(tree.value, bool) else str(tree.value)
        if isinstance(tree.value, bool | int | float) and tree.written.lower() not in (value, value.removesuffix(".0")):
            fact = f"`{tree.written}` would be read as {value}; write {value}, or put it in quotes if it is text"
            report(tree, path, fact)
        else:
            item(tree, path, report)

    return Shape(check, schema_of(item))


def choice(*values: str) -> Shape:
    """One of these texts."""

    def check(tree: Tree, path: str, report: Report) -> None:
        if tree.value not in values:
            _expected(" or ".join(values), tree, path, report)

    return Shape(check, {"enum": list(values)})


@shaped({"type": "boolean"})
def boolean(tree: Tree, path: str, report: Report) -> None:
    """True or false."""
    if not isinstance(tree.value, bool):
        _expected("true or false", tree, path, report)


@shaped({})
def anything(_tree: Tree, _path: str, _report: Report) -> None:
    """Any value."""


@shaped({"type": "object", "minProperties": 1})
def filled(tree: Tree, path: str, report: Report) -> None:
    """A mapping that is not empty."""
    if not tree.entries:
        report(tree, path, "expected a mapping with at least one key")


def either(*keys: str) -> Shape:
    """A mapping with exactly one of these keys."""

    def check(tree: Tree, path: str, report: Report) -> None:
        found = [key for key in keys if key in tree.fields]
        if len(found) != 1:
            fact = f"{' and '.join(found)} exclude each other; keep one" if found else f"give {' or '.join(keys)}"
            report(tree, path, fact)

    return Shape(check, {"oneOf": [{"required": [key]} for key in keys]})


def nullable(item: Check) -> Shape:
    """Null, or a value that passes `item`."""

    def check(tree: Tree, path: str, report: Report) -> None:
        if tree.value is not None:
            item(tree, path, report)

    return Shape(check, _or_null(schema_of(item)))


def join(path: str, key: str) -> str:
    """The path of a key below `path`."""
    return f"{path}.{key}" if path else key


def _matching(pattern: re.Pattern[str]) -> JsonSchema:
    return {"pattern": f"^(?:{pattern.pattern})$"}


def _or_null(schema: JsonSchema) -> JsonSchema:
    kind = schema.get("type")
    if not schema or "enum" in schema or "const" in schema or kind is None:
        return {"anyOf": [schema, {"type": "null"}]} if schema else {}
    return {**schema, "type": [*(kind if isinstance(kind, list) else [kind]), "null"]}


def _expected(what: str, tree: Tree, path: str, report: Report, action: str = "") -> None:
    report(tree, path, f"expected {what}, got {_shown(tree)}{action}")


def _shown(tree: Tree) -> str:
    if isinstance(tree.value, Mapping):
        return "a mapping"
    if isinstance(tree.value, tuple):
        return "a list"
    if tree.value is None:
        return "nothing"
    text = str(tree.value).lower() if isinstance(tree.value, bool) else str(tree.value)
    return f"`{' '.join(text[:80].split())}`"
