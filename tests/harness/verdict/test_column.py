"""What is kept of windows that are read again and again is what a fresh look at all events gives."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.conditions import Condition, parse
from harness.record.event import CONTROL
from harness.record.events import LoadCounted, LoadSlice
from harness.stats.eprocess import log_evidence
from harness.stats.inflation import Slice, inflation
from harness.stats.sequential import SLICE_S, TestParameters
from harness.verdict import column
from harness.verdict.change import bounds, evidence_start, since
from harness.verdict.measurement import slices
from harness.verdict.spells import spells
from harness.verdict.timeline import Timeline
from harness.verdict.window import Question, Window

CONDITIONS = [
    parse(text)
    for text in ("availability(web) >= 90%", "p90(web) < 500ms", "error_rate(web) > 5%", "error_rate(web) > 0%")
]
SLOTS = 12
"""Slices of a stream."""


@dataclass(frozen=True)
class Look:
    """A look at the slices [begin, end), or the end of the stream so far."""

    begin: int
    end: int


@st.composite
def increments(draw: st.DrawFn) -> LoadCounted:
    """Some counts of one slice, also of one that was counted before; its outcomes may be missing yet."""
    number, sent = draw(st.integers(0, SLOTS - 1)), draw(st.integers(0, 30))
    bad = draw(st.integers(0, sent))
    ok = draw(st.integers(0, sent - bad))
    slow = draw(st.integers(0, ok))
    part = LoadSlice(
        "web", number * SLICE_S, sent, ok, {"timeout": bad} if bad else {}, {500.0: bad + slow},
        late=draw(st.sampled_from((0, 0, 0, sent))), hist={2600: slow, 1500: ok - slow},
    )  # fmt: skip
    return LoadCounted(side=CONTROL, until_s=number * SLICE_S, slices=(part,))


LOOKS = st.builds(lambda begin, length: Look(begin, begin + length), st.sampled_from((3, 0)), st.integers(0, SLOTS))
STREAMS = st.lists(st.one_of(increments(), LOOKS), max_size=60)


def seen(timeline: Timeline, look: Look) -> list[object]:
    """Everything that is kept of a window, for each condition."""
    window, found = Window(timeline, look.begin * SLICE_S, look.end * SLICE_S), list[object]()
    for condition in CONDITIONS:
        question = Question(condition, TestParameters(0.05, alarm=True))
        for holds in (True, False):
            found += [evidence_start(condition, window, holds=holds), since(question, window, holds=holds)]
            found.append(slices(condition, window, pessimistic=holds))
        found.append(spells(question, window))
    return found


@settings(max_examples=80, deadline=None)
@given(stream=STREAMS)
def test_a_window_that_was_read_before_is_read_as_if_for_the_first_time(stream: list[LoadCounted | Look]) -> None:
    kept, events = Timeline(), list[LoadCounted]()
    for each in stream:
        if isinstance(each, LoadCounted):
            events.append(each)
            kept.add(each)
            continue
        fresh = Timeline()
        for event in events:
            fresh.add(event)
        assert seen(kept, each) == seen(fresh, each)


def test_a_window_that_was_dropped_since_is_computed_again() -> None:
    """Only the last few windows are kept."""
    timeline, condition, many = Timeline(), CONDITIONS[0], 3 * column.KEPT
    for number in range(many):
        part = LoadSlice("web", number * SLICE_S, 10, 10)
        timeline.add(LoadCounted(side=CONTROL, until_s=number * SLICE_S, slices=(part,)))
    for _ in range(2):
        for begin in range(many):
            assert evidence_start(condition, Window(timeline, begin * SLICE_S, many * SLICE_S)) == begin * SLICE_S


# -- the bounds of a change --------------------------------------------------------------------------------------------


def shows(counted: list[Slice], condition: Condition, vif: float, needed: float, *, below: bool) -> bool:
    """Whether some stretch from the first slice on has the needed evidence, by trying each."""
    return any(
        log_evidence(
            condition.theta or 0.0,
            sum(piece.n for piece in counted[:end]) / vif,
            sum(piece.bad for piece in counted[:end]) / vif,
            below=below,
        )
        >= needed
        for end in range(1, len(counted) + 1)
    )


def by_trying(counted: list[Slice], condition: Condition, at: int, needed: float) -> tuple[float, float]:
    vif, low = inflation(counted[at:]), condition.wants_low
    early = (i + 1 for i in range(at, -1, -1) if shows(counted[i:], condition, vif, needed, below=not low))
    late = (i - 1 for i in range(at, len(counted) + 1) if shows(counted[:i][::-1], condition, vif, needed, below=low))
    earliest, latest = next(early, 0), next(late, len(counted))
    return (
        max(0.0, min(at, earliest) * SLICE_S - SLICE_S),
        min(len(counted) * SLICE_S, max(at, latest) * SLICE_S + SLICE_S),
    )


@settings(max_examples=60, deadline=None)
@given(
    broken=st.lists(st.integers(0, 8), max_size=25),
    healthy=st.lists(st.sampled_from((0, 0, 0, 1, 2)), max_size=25),
    data=st.data(),
)
def test_bounds_of_a_change_are_those_found_by_trying_every_stretch(
    broken: list[int], healthy: list[int], data: st.DataObject
) -> None:
    bad = [*broken, *healthy]
    timeline, condition = Timeline(), CONDITIONS[0]
    for number, count in enumerate(bad):
        part = LoadSlice("web", number * SLICE_S, 20, 20 - count, {"timeout": count})
        timeline.add(LoadCounted(side=CONTROL, until_s=number * SLICE_S, slices=(part,)))
    window, parameters = Window(timeline, 0.0, len(bad) * SLICE_S), TestParameters(0.05)
    at = data.draw(st.integers(max(0, len(broken) - 3), min(len(bad), len(broken) + 3)))
    counted = slices(condition, window, pessimistic=True)
    found = bounds(Question(condition, parameters), window, at * SLICE_S)
    assert found == by_trying(counted, condition, at, parameters.needed(below=True) + math.log(2))
