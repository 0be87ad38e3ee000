"""Read validation rules from a file and check request bodies.

The rules required, type, range, length, pattern and forbidden always apply. Unknown fields and deprecated formats are
violations in strict mode only; otherwise unknown fields are dropped and deprecated formats converted before the checks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "object": (dict,), "array": (list,)
}  # fmt: skip
RULES = (
    "json", "required", "type", "range", "length", "pattern", "forbidden", "unknown_field", "deprecated_format"
)  # fmt: skip
FIELD_KEYS = {"type", "required", "minimum", "maximum", "min_length", "max_length", "pattern", "deprecated"}
MAX_DEPTH = 16


class RulesError(Exception):
    """The rules file is invalid; `str(error)` has the reason."""


@dataclass(frozen=True)
class Violation:
    """A field and the rule that it breaks; never its value."""

    field: str
    rule: str


@dataclass(frozen=True)
class Deprecated:
    """An old format: `member` (an object that holds the value), `alias` (another name), `numeric_string`."""

    form: str
    name: str = ""
    values: Mapping[str, str] | None = None

    def read(self, value: object) -> object:
        """Return the converted value; None when it is not in this format."""
        if self.form == "member" and isinstance(value, dict):
            return value.get(self.name)
        if self.form == "alias" and isinstance(value, str):
            return (self.values or {}).get(value)
        if (
            self.form == "numeric_string"
            and isinstance(value, str)
            and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value)
        ):
            return float(value) if "." in value else int(value)
        return None


@dataclass(frozen=True)
class Field:
    """The rules of one field."""

    types: tuple[type, ...]
    required: bool
    minimum: float
    maximum: float
    min_length: int
    max_length: float
    pattern: re.Pattern[str] | None
    deprecated: tuple[Deprecated, ...]

    def modern(self, value: object) -> tuple[object, bool]:
        """Return the value in the current format, and whether it was in a deprecated one."""
        for form in self.deprecated:
            meant = form.read(value)
            if meant is not None:
                return meant, True
        return value, False

    def broken(self, value: object) -> Iterator[str]:
        """Yield the rules that the value breaks, except for forbidden patterns."""
        if not isinstance(value, self.types) or (isinstance(value, bool) and bool not in self.types):
            yield "type"
        elif isinstance(value, bool):
            return
        elif isinstance(value, int | float):
            if not self.minimum <= value <= self.maximum:
                yield "range"
        elif isinstance(value, str | dict | list):
            if not self.min_length <= len(value) <= self.max_length:
                yield "length"
            elif self.pattern and isinstance(value, str) and not self.pattern.search(value):
                yield "pattern"


@dataclass(frozen=True)
class Rules:
    """The rules of all routes."""

    forbidden: re.Pattern[str]
    routes: Mapping[str, Mapping[str, Field]]

    def check(self, route: str, raw: bytes, strict: bool) -> tuple[dict[str, object], list[Violation]]:
        """Return the body to forward and its violations; without violations it is valid."""
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            return {}, [Violation("", "json")]
        if not isinstance(body, dict):
            return {}, [Violation("", "type")]
        fields = self.routes[route]
        clean: dict[str, object] = {}
        violations = [
            Violation(name, "required") for name, field in fields.items() if field.required and name not in body
        ]
        for name, value in body.items():
            violations += self._field(fields.get(name), name, value, strict, clean)
        return clean, violations

    def _field(
        self, field: Field | None, name: str, value: object, strict: bool, clean: dict[str, object]
    ) -> Iterator[Violation]:
        """Yield one field's violations; add a known field to `clean` in its current format."""
        shown = name if field else "(unknown)"
        if self._is_forbidden(value) or (field is None and self._is_forbidden(name)):
            yield Violation(shown, "forbidden")
        if field is None:
            if strict:
                yield Violation(shown, "unknown_field")
            return
        meant, old = field.modern(value)
        if old and strict:
            yield Violation(name, "deprecated_format")
        for rule in field.broken(meant):
            yield Violation(name, rule)
        clean[name] = meant

    def _is_forbidden(self, value: object, depth: int = 0) -> bool:
        """Return whether any nested text matches a forbidden pattern; too deep nesting counts as forbidden."""
        if isinstance(value, str):
            return self.forbidden.search(value) is not None
        inner: Sequence[object] = ()
        if isinstance(value, dict):
            inner = [*value.keys(), *value.values()]
        elif isinstance(value, list):
            inner = value
        return bool(inner) and (depth >= MAX_DEPTH or any(self._is_forbidden(part, depth + 1) for part in inner))


def load(path: Path) -> Rules:
    """Read a rules file. Raises RulesError."""
    try:
        data = json.loads(path.read_text())
        forbidden = re.compile("|".join(f"(?:{pattern})" for pattern in data["forbidden"].values()) or "(?!)")
        routes = {
            route: {name: _field(f"{route}.{name}", spec) for name, spec in fields.items()}
            for route, fields in data["routes"].items()
        }
    except OSError as error:
        raise RulesError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, re.error) as error:
        raise RulesError(f"{path} is not a rules file: {error!r}") from error
    if missing := {"infer", "tools"} - routes.keys():
        raise RulesError(f"{path} has no rules for the routes {', '.join(sorted(missing))}")
    return Rules(forbidden, routes)


def _field(place: str, spec: Mapping[str, object]) -> Field:
    if unknown := spec.keys() - FIELD_KEYS:
        raise ValueError(f"{place}: unknown rule {', '.join(sorted(unknown))}")
    pattern = spec.get("pattern")
    deprecated = spec.get("deprecated", [])
    if not isinstance(deprecated, list):
        raise ValueError(f"{place}: deprecated must be a list")
    return Field(
        types=TYPES[str(spec["type"])],
        required=bool(spec.get("required", False)),
        minimum=_number(spec.get("minimum", float("-inf"))),
        maximum=_number(spec.get("maximum", float("inf"))),
        min_length=int(_number(spec.get("min_length", 0))),
        max_length=_number(spec.get("max_length", float("inf"))),
        pattern=re.compile(str(pattern)) if pattern is not None else None,
        deprecated=tuple(Deprecated(**form) for form in deprecated),
    )


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return value
