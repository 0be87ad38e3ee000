"""Converts events to JSON objects and back, strictly: unknown, missing and mistyped fields are errors."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from harness.record.comparison import COMPARISON_EVENTS
from harness.record.events import EVENTS, Event
from harness.record.ranges import Range

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Hint: TypeAlias = Any
"""A type annotation at run time; `typing` has no type for it."""
_T = TypeVar("_T")
_Decoder: TypeAlias = Callable[[object], object]
UNIONS: tuple[Hint, ...] = (UnionType, Union)
"""Origins of a union type: `X | None` has the second one if X is annotated."""
_RANGES: Mapping[type, Range] = {float: Range(-sys.float_info.max, sys.float_info.max), int: Range(-(2**63), 2**63)}
"""The ranges of numbers whose annotation has none."""


class FormatError(ValueError):
    """A JSON object is not an event of this version; the message names the part and the fact."""


def kind_of(event_type: type) -> str:
    """The name of a kind of event in the file: `phase-started` for PhaseStarted."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", event_type.__name__).lower()


KINDS: Mapping[str, type[Event]] = {kind_of(each): each for each in (*EVENTS, *COMPARISON_EVENTS)}
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
    try:
        return cast(_T, _decoder(cast(Hint, cls))(data))
    except FormatError as error:
        raise FormatError(f"{where}{error}") from None


@cache
def _decoder(hint: Hint) -> _Decoder:
    """The function that decodes a type; its errors begin with the path to the part, such as `.slices[0].sent: `."""
    origin: Hint = get_origin(hint)
    args = get_args(hint)
    if origin in UNIONS:  # the only unions are those with None
        return _optional(_decoder(args[0]))
    if origin is tuple:
        return _tuple(args)
    if origin is Mapping:
        return _mapping(*args)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _object(hint)
    return _scalar(hint)


def _object(cls: type) -> _Decoder:
    decoders = {name: _decoder(plain(hint)[0]) for name, hint in fields_of(cls).items()}

    def decode_object(data: object) -> object:
        if not isinstance(data, dict):
            raise FormatError(f": {_shown(data)} is not an object")
        if missing := decoders.keys() - data.keys():
            raise FormatError(f": {', '.join(sorted(missing))}: missing")
        if unknown := data.keys() - decoders.keys():
            raise FormatError(f": {', '.join(sorted(unknown))}: unknown field")
        return cls(**{name: _within(f".{name}", one, data[name]) for name, one in decoders.items()})

    return decode_object


def _within(place: str, decoder: _Decoder, value: object) -> object:
    """Decode a part; its place comes before the path of an error."""
    try:
        return decoder(value)
    except FormatError as error:
        raise FormatError(f"{place}{error}") from None


def _optional(decoder: _Decoder) -> _Decoder:
    return lambda value: None if value is None else decoder(value)


def _tuple(args: tuple[Hint, ...]) -> _Decoder:
    decoders, length = [_decoder(arg) for arg in args if arg is not ...], None if args[-1] is ... else len(args)

    def decode_tuple(value: object) -> object:
        if not isinstance(value, list):
            raise FormatError(f": {_shown(value)} is not an array")
        if length is not None and length != len(value):
            raise FormatError(f": has {len(value)} items instead of {length}")
        every = decoders if length is not None else decoders * len(value)
        return tuple(_within(f"[{n}]", one, item) for n, (one, item) in enumerate(zip(every, value, strict=True)))

    return decode_tuple


def _mapping(key_hint: Hint, item_hint: Hint) -> _Decoder:
    key_type, key_decoder, item_decoder = range_of(key_hint)[0], _decoder(key_hint), _decoder(item_hint)

    def decode_key(key: str) -> object:
        try:
            value = key_type(key)
        except ValueError:
            raise FormatError(f": a key is not of type {key_type.__name__}") from None
        return _within(f".{key}", key_decoder, value)

    def decode_mapping(value: object) -> object:
        if not isinstance(value, dict):
            raise FormatError(f": {_shown(value)} is not an object")
        return {decode_key(key): _within(f".{key}", item_decoder, item) for key, item in value.items()}

    return decode_mapping


def _scalar(hint: Hint) -> _Decoder:
    """A scalar within its range, or one of the choices of a Literal."""
    bare, own = range_of(hint)
    choices, limits = get_args(bare), own or _RANGES.get(bare)
    wanted = "one of " + ", ".join(map(str, choices)) if choices else f"of type {bare.__name__}"

    def fits(value: object) -> bool:
        if choices:
            return type(value) is type(choices[0]) and value in choices
        return type(value) is bare or (bare is float and type(value) is int)

    def decode_scalar(value: object) -> object:
        if not fits(value):
            raise FormatError(f": {_shown(value)} is not {wanted}")
        if limits and isinstance(value, int | float) and not limits.low <= value <= limits.high:
            raise FormatError(f": {_shown(value)} is not from {limits.low:g} to {limits.high:g}")
        return value

    return decode_scalar


def _shown(value: object) -> str:
    """A value for an error message, cut after 40 characters."""
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
