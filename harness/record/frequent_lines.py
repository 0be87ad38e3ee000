"""Reads the lines that come again and again, which are nearly all of a record, in a tenth of the time of the codec.

msgspec accepts a line only if it is an event of this version in every field, by the same annotations. About any other
line it says nothing: that is for the codec, which names the place of an error.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

from msgspec import DecodeError, Meta, defstruct
from msgspec.json import Decoder
from msgspec.structs import asdict

from harness.record.codec import UNIONS, Hint, fields_of, frozen, kind_of, plain, range_of
from harness.record.event import Event
from harness.record.events import FaultChecked, HostSampled, LoadCounted, LoadSlice, ProbeSampled, RequestsProbed
from harness.record.ranges import Range

_FREQUENT: tuple[type[Event], ...] = (LoadCounted, ProbeSampled, RequestsProbed, FaultChecked, HostSampled)
_BEFORE_KIND = '"event":"'
_HEAD = 100
"""Characters of a line in which its kind is found; further behind, it is slower to read."""
_WHOLE = Range(-1e15, 1e15)
"""Whole numbers beyond are left to the codec: they may be too large for a float."""


class Frequent(NamedTuple):
    """A line with a frequent event: its number, and the event."""

    seq: int
    event: Event


def read_frequent(line: str) -> Frequent | None:
    """What a line with a frequent event says; None for a line of another kind, and for one with an error."""
    begin = line.find(_BEFORE_KIND, 0, _HEAD) + len(_BEFORE_KIND)
    found = _DECODERS.get(line[begin : line.find('"', begin)])
    if found is None:
        return None
    cls, decoder = found
    try:
        members = asdict(decoder.decode(line))
    except (DecodeError, UnicodeError):
        return None
    seq: int = members.pop("seq")
    del members["event"], members["sum"]
    if cls is LoadCounted:
        members["slices"] = tuple(frozen(LoadSlice, asdict(each)) for each in members["slices"])
    return Frequent(seq, frozen(cls, members))


def _members(cls: type) -> list[tuple[str, Hint]]:
    return [(name, _type_of(plain(hint)[0])) for name, hint in fields_of(cls).items()]


def _type_of(hint: Hint) -> Hint:
    """A field's type as msgspec has it. A whole number stays one where a float is wanted, as the codec keeps it."""
    bare, limits = range_of(hint)
    if bare is float:
        return _limited(int, limits or _WHOLE) | _limited(float, limits)
    origin: Hint = get_origin(bare)
    args = get_args(bare)
    if origin in UNIONS:  # the only unions are those with None
        return _type_of(args[0]) | None
    if origin is Mapping:
        return dict[_limited(*range_of(args[0])), _type_of(args[1])]  # type: ignore[misc]  # computed types
    if origin is tuple:
        return tuple[_type_of(args[0]), ...]  # type: ignore[misc]
    if isinstance(bare, type) and dataclasses.is_dataclass(bare):
        return defstruct(bare.__name__, _members(bare), forbid_unknown_fields=True)
    return _limited(bare, limits)


def _limited(bare: Hint, limits: Range | None) -> Hint:
    return Annotated[bare, Meta(ge=bare(limits.low), le=bare(limits.high))] if limits else bare


def _decoder(cls: type[Event]) -> Decoder[Any]:
    envelope: list[tuple[str, Hint]] = [("seq", int), ("event", Literal[kind_of(cls)]), ("sum", str)]
    return Decoder(defstruct("Line", [*envelope, *_members(cls)], forbid_unknown_fields=True))


_DECODERS = {kind_of(cls): (cls, _decoder(cls)) for cls in _FREQUENT}
