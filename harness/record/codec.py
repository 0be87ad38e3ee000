"""Converts events to JSON objects and back, strictly: unknown, missing and mistyped fields are errors."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Collection, Mapping, Set
from functools import cache, lru_cache
from types import UnionType
from typing import Annotated, Any, TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from harness.record.comparison import COMPARISON_EVENTS
from harness.record.event import Event
from harness.record.events import EVENTS
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
        if data.keys() != decoders.keys():
            raise _other_fields(decoders.keys(), data.keys())
        name, fields = "", dict[str, Any]()
        try:  # one for all fields: a record has hundreds of thousands of them
            for name, decoder in decoders.items():
                fields[name] = decoder(data[name])
        except FormatError as error:
            raise FormatError(f".{name}{error}") from None
        return frozen(cls, fields)

    return decode_object


def _other_fields(wanted: Set[str], found: Set[str]) -> FormatError:
    missing, unknown = wanted - found, found - wanted
    return FormatError(f": {', '.join(sorted(missing or unknown))}: {'missing' if missing else 'unknown field'}")


def frozen(cls: type[_T], fields: dict[str, Any]) -> _T:
    """A frozen dataclass with all its fields. Its own `__init__` sets them one by one and takes five times as long."""
    new = object.__new__(cls)
    object.__setattr__(new, "__dict__", fields)
    return new


def _optional(decoder: _Decoder) -> _Decoder:
    return lambda value: None if value is None else decoder(value)


def _tuple(args: tuple[Hint, ...]) -> _Decoder:
    decoders, length = [_decoder(arg) for arg in args if arg is not ...], None if args[-1] is ... else len(args)

    def decode_tuple(value: object) -> object:
        if not isinstance(value, list):
            raise FormatError(f": {_shown(value)} is not an array")
        if length is not None and length != len(value):
            raise FormatError(f": has {len(value)} items instead of {length}")
        every, items = decoders if length is not None else decoders * len(value), list[object]()
        try:
            for decoder, item in zip(every, value, strict=True):
                items.append(decoder(item))
        except FormatError as error:
            raise FormatError(f"[{len(items)}]{error}") from None
        return tuple(items)

    return decode_tuple


def _mapping(key_hint: Hint, item_hint: Hint) -> _Decoder:
    decode_key, decode_item, numbers = _key(key_hint), _decoder(item_hint), _numbers(item_hint)

    def decode_mapping(value: object) -> object:
        if not isinstance(value, dict):
            raise FormatError(f": {_shown(value)} is not an object")
        if not value:
            return {}
        keys = [decode_key(key) for key in value]
        items = numbers(value.values())
        return dict(zip(keys, items if len(items) == len(value) else _items(decode_item, value), strict=True))

    return decode_mapping


def _items(decoder: _Decoder, value: Mapping[str, object]) -> list[object]:
    items: list[object] = []
    try:
        for item in value.values():
            items.append(decoder(item))
    except FormatError as error:
        raise FormatError(f".{list(value)[len(items)]}{error}") from None
    return items


def _numbers(hint: Hint) -> Callable[[Collection[Any]], list[object]]:
    """The function that picks the valid ones of many numbers, in a fifth of the time that decoding each takes.

    For other types it picks none.
    """
    bare, limits = range_of(hint)
    if bare not in _RANGES:
        return lambda values: []
    limits, types = limits or _RANGES[bare], {float, int} if bare is float else {bare}
    low, high = limits.low, limits.high
    return lambda values: [value for value in values if type(value) in types and low <= value <= high]


def _key(hint: Hint) -> Callable[[str], object]:
    """The function that decodes a key of an object. The same few thousand come again and again."""
    key_type, decoder = range_of(hint)[0], _decoder(hint)

    @lru_cache(maxsize=16_384)
    def decode_key(key: str) -> object:
        try:
            value = key_type(key)
        except ValueError:
            raise FormatError(f": a key is not of type {key_type.__name__}") from None
        try:
            return decoder(value)
        except FormatError as error:
            raise FormatError(f".{key}{error}") from None

    return decode_key


def _scalar(hint: Hint) -> _Decoder:
    """A scalar within its range, or one of the choices of a Literal."""
    bare, own = range_of(hint)
    choices, limits = get_args(bare), own or _RANGES.get(bare)
    wanted = "one of " + ", ".join(map(str, choices)) if choices else f"of type {bare.__name__}"
    types = {type(choices[0])} if choices else {float, int} if bare is float else {bare}

    def decode_scalar(value: object) -> object:
        if type(value) not in types or (choices and value not in choices):
            raise FormatError(f": {_shown(value)} is not {wanted}")
        return value

    return _within(limits, types, decode_scalar) if limits else decode_scalar


def _within(limits: Range, types: Collection[type], decode_scalar: _Decoder) -> _Decoder:
    low, high = limits.low, limits.high

    def decode_number(value: object) -> object:
        if type(value) in types and low <= value <= high:  # type: ignore[operator]  # a number, by its type
            return value
        decode_scalar(value)
        raise FormatError(f": {_shown(value)} is not from {low:g} to {high:g}")

    return decode_number


def _shown(value: object) -> str:
    """A value for an error message, cut after 40 characters."""
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
