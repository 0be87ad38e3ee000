"""Seeded mutations of a record: of its fields and lines, with new checksums, and of its bytes, with the old ones."""

from __future__ import annotations

import copy
import json
import random
import string
from collections.abc import Callable, Iterator
from typing import Any

from tests.support.events import sealed

Line = dict[str, Any]
VALUES = (
    *(1e300, -1e300, 1e9, -1, -0.5, 0, 2**70, 10**12, float("nan"), float("inf"), True, None, "", "x", "1e300", [], {}),
    *("\x1b]0;x\x07", "\ud800", "a" * 10_000, [[]] * 1000, {"a": {"a": {"a": 1}}}, ["x"], [1e300, -1e300]),
)


def mutated(lines: list[Line], draw: random.Random) -> bytes:
    """The text of a record with one to three mutations; `lines` are its objects without number and checksum."""
    changed = list(lines)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        if changed:
            draw.choice(MUTATIONS)(changed, draw)
    text = "".join(sealed(changed)).encode("utf-8", "surrogatepass")
    return draw.choice((_whole, _whole, _whole, _cut, _bytes))(text, draw)


def _field(lines: list[Line], draw: random.Random) -> None:
    """Replace one value, or one key of a mapping, in a line of a kind that is drawn first."""
    kind = draw.choice(sorted({str(line.get("event")) for line in lines}))
    at = draw.choice([number for number, line in enumerate(lines) if str(line.get("event")) == kind])
    lines[at] = line = copy.deepcopy(lines[at])
    *path, last = draw.choice(list(_places(line)) or [("event",)])
    part: Any = line
    for key in path:
        part = part[key]
    value = copy.deepcopy(draw.choice(VALUES))
    if isinstance(part, dict) and path and draw.random() < 0.2:
        part[str(value)] = part.pop(last)
    else:
        part[last] = value


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every part of a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from _places(item, (*path, key))


def _without_field(lines: list[Line], draw: random.Random) -> None:
    at = draw.randrange(len(lines))
    line = dict(lines[at])
    line.pop(draw.choice(sorted(line)), None)
    lines[at] = line


def _without_lines(lines: list[Line], draw: random.Random) -> None:
    at = draw.randrange(len(lines))
    del lines[at : at + draw.choice((1, 1, 5, len(lines)))]


def _twice(lines: list[Line], draw: random.Random) -> None:
    lines.insert(draw.randrange(len(lines) + 1), draw.choice(lines))


def _moved(lines: list[Line], draw: random.Random) -> None:
    lines.insert(draw.randrange(len(lines)), lines.pop(draw.randrange(len(lines))))


def _swapped(lines: list[Line], draw: random.Random) -> None:
    one, two = draw.randrange(len(lines)), draw.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]


def _other_side(lines: list[Line], draw: random.Random) -> None:
    """Exchange the sides of all load: the healthy one for the broken one."""
    exchanged = {"treatment": "control", "control": "treatment"}
    for at, line in enumerate(lines):
        if str(line.get("side")) in exchanged and line.get("event") == "load-counted":
            lines[at] = {**line, "side": exchanged[line["side"]]}


MUTATIONS: tuple[Callable[[list[Line], random.Random], None], ...] = (
    *([_field] * 6),
    *(_without_field, _without_lines, _twice, _moved, _swapped, _other_side),
)


def _whole(text: bytes, draw: random.Random) -> bytes:
    return text


def _cut(text: bytes, draw: random.Random) -> bytes:
    return text[: draw.randrange(len(text) + 1)]


def _bytes(text: bytes, draw: random.Random) -> bytes:
    """A byte that is drawn, at a place that is drawn: this one the checksum finds."""
    at = draw.randrange(len(text) + 1)
    return text[:at] + draw.choice([*string.printable.encode(), 0, 255]).to_bytes(1, "big") + text[at + 1 :]


def objects(text: str) -> list[Line]:
    """The objects of a record's lines without number and checksum."""
    lines = map(json.loads, text.splitlines())
    return [{key: value for key, value in line.items() if key not in ("seq", "sum")} for line in lines]
