"""The measurements of one side: what was read from a slice follows its later counts."""

from harness.conditions import parse
from harness.record.event import CONTROL
from harness.record.events import LoadCounted, LoadSlice, ProbeSampled, RequestsProbed
from harness.stats.sequential import TestParameters
from harness.verdict.measurement import measure, slices
from harness.verdict.timeline import Timeline
from harness.verdict.window import Question, Window


def counted(at_s: float, sent: int, bad: int) -> LoadCounted:
    part = LoadSlice("web", at_s, sent, sent - bad, {"timeout": bad} if bad else {})
    return LoadCounted(side=CONTROL, until_s=at_s + 0.25, slices=(part,))


def test_late_counts_of_a_slice_change_what_was_read_from_it() -> None:
    timeline, condition = Timeline(), parse("error_rate(web) < 25%")
    window = Window(timeline, 0.0, 0.75)
    timeline.add(counted(0.0, 10, 0))
    assert [tuple(each[:2]) for each in slices(condition, window, pessimistic=False)] == [(10, 0), (0, 0), (0, 0)]
    timeline.add(counted(0.0, 2, 2))
    timeline.add(counted(0.5, 4, 1))
    assert [tuple(each[:2]) for each in slices(condition, window, pessimistic=False)] == [(12, 2), (0, 0), (4, 1)]


def test_conditions_and_both_ways_of_counting_are_read_apart() -> None:
    timeline = Timeline()
    timeline.add(LoadCounted(side=CONTROL, until_s=0.25, slices=(LoadSlice("web", 0.0, 10, 6, {"timeout": 1}),)))
    window, loose, strict = Window(timeline, 0.0, 0.25), parse("error_rate(web) < 25%"), parse("count(web, reset) == 0")
    assert slices(loose, window, pessimistic=False)[0][:2] == (7, 1), "three arrivals have no outcome yet"
    assert slices(loose, window, pessimistic=True)[0][:2] == (10, 4)
    assert slices(strict, window, pessimistic=False)[0].bad == 0
    assert measure(Question(loose, TestParameters(0.01)), window).n == 7


def test_replayed_measurements_are_moved_and_shown_step_by_step() -> None:
    timeline, condition = Timeline(settle_s=0.5), parse("error_rate(web) < 25%")
    for quarter in range(8):
        timeline.add(counted(quarter / 4, 10, quarter))
    for at_s in (0.1, 1.1, 1.9):
        timeline.add(ProbeSampled(side=CONTROL, t_s=at_s, values={"health(web)": {"web-0": 0.0}}))
    timeline.add(RequestsProbed(side=CONTROL, t_s=1.2, failures={"shop": "status 500"}))
    moved = timeline.replayed(100.0, 1.25)
    assert (moved.frontier, moved.end_s) == (101.25, 101.25)
    moved.shown_until_s = 100.6
    assert (moved.frontier, moved.end_s) == (100.5, 101.25)
    window = Window(moved, 100.0, 101.5)
    assert [each.bad for each in slices(condition, window, pessimistic=False)] == [0, 1, 2, 3, 4, 0]
    assert [sample.at_s for sample in moved.samples("health(web)", 0.0, 1000.0)] == [100.1, 101.1]
    assert moved.request_failure("shop", 100.0) == "status 500"
    assert [each.bad for each in slices(condition, Window(timeline, 0.0, 0.5), pessimistic=False)] == [0, 1]
