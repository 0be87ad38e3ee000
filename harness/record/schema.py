"""The JSON Schema of a record's lines, generated from the events (draft 2020-12, https://json-schema.org/draft/2020-12)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import get_args, get_origin

from harness.record.chain import CHECKSUM_DIGITS
from harness.record.codec import KINDS, UNIONS, Hint, Json, fields_of, plain, range_of
from harness.record.events import VERSION

_SCALARS: Mapping[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
_KEYS: Mapping[type, str] = {str: "", int: "^-?[0-9]+$", float: r"^-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?$"}
"""Pattern of the keys of an object, by their type: keys are strings in JSON."""

_SEQ: dict[str, Json] = {"description": "number of the line, from 1", "type": "integer", "minimum": 1}
_SUM: dict[str, Json] = {
    "description": "checksum of the line before and of this line up to here",
    "type": "string",
    "pattern": f"^[0-9a-f]{{{CHECKSUM_DIGITS}}}$",
}


def record_schema() -> dict[str, Json]:
    """The schema that every line of a record of this version satisfies."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Event of a gameday record, format version {VERSION}",
        "oneOf": [_event(kind, cls) for kind, cls in KINDS.items()],
    }


def _event(kind: str, cls: type) -> dict[str, Json]:
    schema = _object(cls)
    properties = schema["properties"]
    assert isinstance(properties, dict)
    every: dict[str, Json] = {"seq": _SEQ, "event": {"const": kind}, **properties, "sum": _SUM}
    return {**schema, "title": kind, "properties": every, "required": list(every)}


def _object(cls: type) -> dict[str, Json]:
    """The schema of a dataclass: every field is required and no other allowed."""
    properties: dict[str, Json] = {name: _field(hint) for name, hint in fields_of(cls).items()}
    return {
        "type": "object",
        "description": (cls.__doc__ or "").split("\n")[0],
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _field(hint: Hint) -> dict[str, Json]:
    bare, description = plain(hint)
    return {"description": description, **_schema(bare)}


def _schema(hint: Hint) -> dict[str, Json]:
    hint, limits = range_of(hint)
    origin: Hint = get_origin(hint)
    args = get_args(hint)
    if origin in UNIONS:
        return {"anyOf": [_schema(args[0]), {"type": "null"}]}
    if origin is tuple:
        return _array(args)
    if origin is Mapping:
        return _mapping(*args)
    if args:
        return {"enum": list(args)}
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _object(hint)
    return {"type": _SCALARS[hint], **({"minimum": limits.low, "maximum": limits.high} if limits else {})}


def _mapping(key: Hint, item: Hint) -> dict[str, Json]:
    pattern = _KEYS[range_of(key)[0]]
    names: dict[str, Json] = {"propertyNames": {"pattern": pattern}} if pattern else {}
    return {"type": "object", **names, "additionalProperties": _schema(item)}


def _array(args: tuple[Hint, ...]) -> dict[str, Json]:
    if args[-1] is ...:
        return {"type": "array", "items": _schema(args[0])}
    return {"type": "array", "prefixItems": [_schema(arg) for arg in args], "minItems": len(args), "items": False}
