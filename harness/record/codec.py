"""Converts events to JSON objects and back, strictly: unknown, missing and mistyped fields are errors."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from harness.record.events import EVENTS, Event
from harness.record.ranges import Range

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Hint: TypeAlias = Any
"""A type annotation at run time; `typing` has no type for it."""
_T = TypeVar("_T")
UNIONS: tuple[Hint, ...] = (UnionType, Union)
"""Origins of a union type: `X | None` has the second one if X is annotated."""
_RANGES: Mapping[type, Range] = {float: Range(-sys.float_info.max, sys.float_info.max), int: Range(-(2**63), 2**63)}
"""The ranges of numbers whose annotation has none."""


class FormatError(ValueError):
    """A JSON object is not an event of this version; the message names the part and the fact."""


def kind_of(event_type: type) -> str:
    """The name of a kind of event in the file: `phase-started` for PhaseStarted."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", event_type.__name__).lower()


KINDS: Mapping[str, type[Event]] = {kind_of(event_type): event_type for event_type in EVENTS}
"""Every kind of event, by its name in the file."""


_FIELDS: dict[type, Mapping[str, Hint]] = {}


def fields_of(cls: type) -> Mapping[str, Hint]:
    """Name and annotated type of each field of a dataclass, in order."""
    if cls not in _FIELDS:
        hints = get_type_hints(cls, include_extras=True)
        _FIELDS[cls] = {field.name: hints[field.name] for field in dataclasses.fields(cls)}
    return _FIELDS[cls]


def plain(hint: Hint) -> tuple[Hint, str]:
    """A field's type, with the range of a number, and the text of its annotation."""
    bare, *ranges, text = get_args(hint)
    return (Annotated[bare, ranges[0]] if ranges else bare), text


def range_of(hint: Hint) -> tuple[Hint, Range | None]:
    """A type without its range, and the range; None for a type that has none."""
    limits = getattr(hint, "__metadata__", ())
    return (get_args(hint)[0], limits[0]) if limits else (hint, None)


def to_json(event: Event) -> dict[str, Json]:
    """The JSON object of an event; `event` names its kind."""
    return {"event": kind_of(type(event)), **_encode_fields(event)}


def from_json(data: object) -> Event:
    """The event of a JSON object. Raises FormatError."""
    if not isinstance(data, dict) or "event" not in data:
        raise FormatError("this is not an event: `event` is missing")
    kind = data["event"]
    if not isinstance(kind, str) or kind not in KINDS:
        raise FormatError(f"unknown event `{kind}`")
    return decode(KINDS[kind], {key: value for key, value in data.items() if key != "event"}, kind)


def encode(value: object) -> Json:
    """The JSON form of a dataclass, a sequence, a mapping or a scalar."""
    if dataclasses.is_dataclass(value):
        return _encode_fields(value)
    if isinstance(value, Mapping):
        return {_encode_key(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _encode_fields(value: object) -> dict[str, Json]:
    return {name: encode(getattr(value, name)) for name in fields_of(type(value))}


def _encode_key(key: object) -> str:
    """Keys of JSON objects are strings: `500` for 500.0."""
    return f"{key:.15g}" if isinstance(key, float) else str(key)


def decode(cls: type[_T], data: object, where: str) -> _T:
    """A dataclass from its JSON form; every field must be there. Raises FormatError, which begins with `where`."""
    if not isinstance(data, dict):
        raise FormatError(f"{where}: {_shown(data)} is not an object")
    hints = fields_of(cls)
    if missing := hints.keys() - data.keys():
        raise FormatError(f"{where}: {', '.join(sorted(missing))}: missing")
    if unknown := data.keys() - hints.keys():
        raise FormatError(f"{where}: {', '.join(sorted(unknown))}: unknown field")
    return cls(**{name: _decode(plain(hint)[0], data[name], f"{where}.{name}") for name, hint in hints.items()})


def _decode(hint: Hint, value: object, where: str) -> object:
    origin: Hint = get_origin(hint)
    args = get_args(hint)
    if origin in UNIONS:  # the only unions are those with None
        return None if value is None else _decode(args[0], value, where)
    if origin is tuple:
        return _decode_tuple(args, value, where)
    if origin is Mapping:
        return _decode_mapping(args, value, where)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return decode(hint, value, where)
    return _decode_scalar(hint, value, where)


def _decode_tuple(args: tuple[Hint, ...], value: object, where: str) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise FormatError(f"{where}: {_shown(value)} is not an array")
    hints = [args[0]] * len(value) if args[-1] is ... else list(args)
    if len(hints) != len(value):
        raise FormatError(f"{where}: has {len(value)} items instead of {len(hints)}")
    return tuple(_decode(hint, item, f"{where}[{n}]") for n, (hint, item) in enumerate(zip(hints, value, strict=True)))


def _decode_mapping(args: tuple[Hint, ...], value: object, where: str) -> dict[object, object]:
    if not isinstance(value, dict):
        raise FormatError(f"{where}: {_shown(value)} is not an object")
    key_hint, item_hint = args
    return {
        _decode_key(key_hint, key, where): _decode(item_hint, item, f"{where}.{key}") for key, item in value.items()
    }


def _decode_key(hint: Hint, key: str, where: str) -> object:
    key_type = range_of(hint)[0]
    try:
        value = key_type(key)
    except ValueError:
        raise FormatError(f"{where}: a key is not of type {key_type.__name__}") from None
    return _decode_scalar(hint, value, f"{where}.{key}")


def _decode_scalar(hint: Hint, value: object, where: str) -> object:
    """A scalar within its range, or one of the choices of a Literal."""
    bare, limits = range_of(hint)
    choices = get_args(bare)
    if choices:
        fits = type(value) is type(choices[0]) and value in choices
    elif bare is float:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        fits = type(value) is bare
    if not fits:
        wanted = "one of " + ", ".join(map(str, choices)) if choices else f"of type {bare.__name__}"
        raise FormatError(f"{where}: {_shown(value)} is not {wanted}")
    _check_range(limits or _RANGES.get(bare), value, where)
    return value


def _check_range(limits: Range | None, value: object, where: str) -> None:
    if limits and isinstance(value, int | float) and not limits.low <= value <= limits.high:
        raise FormatError(f"{where}: {_shown(value)} is not from {limits.low:g} to {limits.high:g}")


def _shown(value: object) -> str:
    """A value for an error message, cut after 40 characters."""
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
