"""Reads the lines of counts, which are most of a record, in a tenth of the time that the codec takes for them.

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

from harness.record.codec import Hint, fields_of, frozen, kind_of, plain, range_of
from harness.record.events import LoadCounted, LoadSlice

_KIND = kind_of(LoadCounted)
_HEAD = 100
"""Characters of a line in which its kind is found; further behind, it is slower to read."""


class Counted(NamedTuple):
    """A line of counts: its number, and its event."""

    seq: int
    event: LoadCounted


def read_counts(line: str) -> Counted | None:
    """What a line of counts says; None for a line of another kind, and for one with an error."""
    if _KIND not in line[:_HEAD]:
        return None
    try:
        members = asdict(_DECODER.decode(line))
    except (DecodeError, UnicodeError):
        return None
    seq: int = members.pop("seq")
    del members["event"], members["sum"]
    members["slices"] = tuple(frozen(LoadSlice, asdict(each)) for each in members["slices"])
    return Counted(seq, frozen(LoadCounted, members))


def _members(cls: type) -> list[tuple[str, Hint]]:
    return [(name, _type_of(plain(hint)[0])) for name, hint in fields_of(cls).items()]


def _type_of(hint: Hint) -> Hint:
    """A field's type as msgspec has it."""
    bare, limits = range_of(hint)
    origin: Hint = get_origin(bare)
    args = get_args(bare)
    if limits:
        return Annotated[bare, Meta(ge=bare(limits.low), le=bare(limits.high))]
    if origin is Mapping:
        return dict[_type_of(args[0]), _type_of(args[1])]  # type: ignore[misc]  # computed types
    if origin is tuple:
        return tuple[_type_of(args[0]), ...]  # type: ignore[misc]
    if isinstance(bare, type) and dataclasses.is_dataclass(bare):
        return defstruct(bare.__name__, _members(bare), forbid_unknown_fields=True)
    return bare


_ENVELOPE: list[tuple[str, Hint]] = [("seq", int), ("event", Literal[_KIND]), ("sum", str)]
_DECODER: Decoder[Any] = Decoder(defstruct("Line", [*_ENVELOPE, *_members(LoadCounted)], forbid_unknown_fields=True))
