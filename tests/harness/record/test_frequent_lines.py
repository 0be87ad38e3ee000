"""The fast reader of frequent lines: what it accepts, the codec accepts as the same event; the rest is the codec's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.record.codec import FormatError, from_json, to_json
from harness.record.event import CONTROL, TREATMENT, Event
from harness.record.events import (
    FaultChecked,
    HostSampled,
    LoadCounted,
    LoadSlice,
    ProbeSampled,
    RequestsProbed,
    RunEnded,
)
from harness.record.frequent_lines import read_frequent
from tests.support.events import EVERY_KIND

COUNTS = st.integers(0, 10**12)
SLICES = st.builds(
    LoadSlice,
    series=st.text(max_size=8),
    at_s=st.floats(0, 1e11),
    sent=COUNTS,
    ok=COUNTS,
    bad=st.dictionaries(st.text(max_size=8), COUNTS, max_size=3),
    over=st.dictionaries(st.integers(0, 10**6).map(float), COUNTS, max_size=3),
    late=COUNTS,
    unsent=COUNTS,
    hist=st.dictionaries(st.integers(0, 10_000), COUNTS, max_size=5),
)
EVENTS = st.builds(
    LoadCounted,
    t_s=st.floats(0, 1e11),
    drill=st.text(max_size=8),
    side=st.sampled_from((TREATMENT, CONTROL)),
    until_s=st.floats(0, 1e11),
    slices=st.lists(SLICES, max_size=3).map(tuple),
)
FREQUENT = [
    each
    for each in EVERY_KIND
    if isinstance(each, LoadCounted | ProbeSampled | RequestsProbed | FaultChecked | HostSampled)
]
ODD = st.sampled_from(
    [
        None,
        True,
        -1,
        1.5,
        10**13,
        10**30,
        10**400,
        "1",
        "",
        "x",
        [],
        {},
        {"1": 1},
        {"x": 1},
        {"1.5": 1},
        {"99999": 1},
        {"01": 1},
    ]
)


def line_of(members: object) -> str:
    """A line with these members; the checksum is for others to check."""
    assert isinstance(members, dict)
    return json.dumps({"seq": 7, **members, "sum": "0" * 16}, separators=(",", ":"))


def by_codec(line: str) -> Event | None:
    """What the codec makes of a line; None: it refuses it."""
    data = json.loads(line)
    try:
        return from_json({name: value for name, value in data.items() if name not in ("seq", "sum")})
    except FormatError:
        return None


@given(event=EVENTS)
def test_every_event_of_counts_is_read_as_it_was_written(event: LoadCounted) -> None:
    found = read_frequent(line_of(to_json(event)))
    if len(event.drill) < 8 and event.drill.isascii():  # the kind is looked for in the head of the line
        assert found is not None
    assert found is None or found == (7, event)


@pytest.mark.parametrize("event", FREQUENT, ids=lambda event: type(event).__name__)
def test_every_frequent_kind_is_read(event: Event) -> None:
    assert read_frequent(line_of(to_json(event))) == (7, event)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all parts of a JSON value, itself left out."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield (*path, key)
        yield from places(part, (*path, key))


@given(data=st.data(), odd=ODD, how=st.sampled_from(("set", "drop", "add")))
def test_whatever_is_accepted_of_a_broken_line_is_what_the_codec_accepts(
    data: st.DataObject, odd: object, how: str
) -> None:
    event = data.draw(st.sampled_from(FREQUENT))
    broken: Any = deepcopy(to_json(event))
    *path, last = data.draw(st.sampled_from(list(places(broken))))
    parent = broken
    for key in path:
        parent = parent[key]
    if how == "drop":
        del parent[last]
    elif how == "add" and isinstance(parent, dict):
        parent["more"] = odd
    else:
        parent[last] = odd
    found = read_frequent(line_of(broken))
    assert found is None or repr(found.event) == repr(by_codec(line_of(broken)))  # 1 and 1.0 differ in a report


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"sent":3', '"sent":3.0'), ('"sent":3', '"sent":NaN'), ('"at_s":1000.0', '"at_s":1e400'),
        ('"1042":1', '"10001":1'), ('"1042":1', '"1042":1,"x":1'), ('"side":"control"', '"side":"other"'),
        ('"late":1,', ""), ('"late":1,', '"late":1,"more":1,'), ('"seq":7', '"seq":"7"'), ("}", ""),
        ("load-counted", "load-counted-again"),
    ],
)  # fmt: skip
def test_lines_with_an_error_are_left_to_the_codec(old: str, new: str) -> None:
    line = line_of(to_json(next(each for each in EVERY_KIND if isinstance(each, LoadCounted))))
    assert read_frequent(line) is not None
    assert old in line
    assert read_frequent(line.replace(old, new, 1)) is None


def test_lines_of_other_kinds_are_left_to_the_codec() -> None:
    assert read_frequent(line_of(to_json(RunEnded()))) is None
