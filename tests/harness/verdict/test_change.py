"""Onset and recovery on a timeline: when they are found, since when, and with which interval. No clock."""

import random

import pytest

from harness.conditions import parse
from harness.record.event import TREATMENT
from harness.record.events import LoadCounted, LoadSlice, ProbeSampled
from harness.stats.inflation import ENOUGH_S, MARGIN, VifEstimate
from harness.stats.sequential import SLICE_S, TestParameters
from harness.verdict.change import bounds, has_begun, since
from harness.verdict.measurement import measure
from harness.verdict.timeline import Timeline
from harness.verdict.window import Question, Window

T0 = 1_000_000.0
WARM = TestParameters(0.01, VifEstimate(MARGIN, ENOUGH_S))
ERRORS = parse("error_rate(gateway) < 5%")
SYMPTOM = parse("error_rate(gateway) > 5%")
Stretch = tuple[float, float]
"""(seconds, bad fraction)."""


def timeline_of(*stretches: Stretch, rate: int = 100, seed: int = 1, pending: float = 0.0) -> Timeline:
    """A timeline with these stretches in turn; a share `pending` of the arrivals has no outcome yet."""
    rng, timeline, at = random.Random(seed), Timeline(), T0
    for seconds, fraction in stretches:
        for _ in range(round(seconds / SLICE_S)):
            sent = round(rate * SLICE_S)
            open_ = round(sent * pending)
            bad = sum(rng.random() < fraction for _ in range(sent - open_))
            part = LoadSlice("gateway", at, sent, sent - open_ - bad, {"timeout": bad})
            at += SLICE_S
            timeline.add(LoadCounted(side=TREATMENT, until_s=at + 0.5, slices=(part,)))
    return timeline


def test_since_finds_a_recovery_soon_and_at_its_time() -> None:
    timeline = timeline_of((30, 0.5), (10, 0.0))
    seen = since(Question(ERRORS, WARM), Window(timeline, T0, timeline.frontier))
    assert seen == pytest.approx(T0 + 30, abs=0.25)
    assert since(Question(ERRORS, WARM), Window(timeline, T0, T0 + 31)) is None
    first = next(s for s in range(121, 160) if since(Question(ERRORS, WARM), Window(timeline, T0, T0 + s * SLICE_S)))
    assert first * SLICE_S - 30 < 2, "101 good arrivals at VIF 1.3 are 1.3 s"


def test_since_needs_ten_seconds_without_a_known_vif() -> None:
    timeline = timeline_of((30, 0.5), (10, 0.0))
    assert since(Question(ERRORS, TestParameters(0.01)), Window(timeline, T0, T0 + 39.75)) is None
    assert since(Question(ERRORS, TestParameters(0.01)), Window(timeline, T0, T0 + 40)) == pytest.approx(
        T0 + 30, abs=0.25
    )


def test_since_finds_an_incident_after_a_long_healthy_stretch() -> None:
    timeline = timeline_of((60, 0.0), (1, 0.9))
    assert since(Question(ERRORS, WARM), Window(timeline, T0, T0 + 60)) is not None
    assert since(Question(ERRORS, WARM), Window(timeline, T0, timeline.frontier)) is None
    assert since(Question(ERRORS, WARM), Window(timeline, T0, timeline.frontier), holds=False) == pytest.approx(
        T0 + 60, abs=0.25
    )
    assert has_begun(Question(SYMPTOM, TestParameters(0.01)), Window(timeline, T0, timeline.frontier))


def test_since_finds_a_second_incident() -> None:
    timeline = timeline_of((30, 0.5), (30, 0.0), (1, 0.9))
    assert since(Question(ERRORS, WARM), Window(timeline, T0, timeline.frontier)) is None


def test_arrivals_without_an_outcome_are_neither_recovery_nor_incident() -> None:
    timeline = timeline_of((30, 0.0), pending=0.2)
    assert since(Question(ERRORS, WARM), Window(timeline, T0, timeline.frontier)) is None
    assert since(Question(ERRORS, WARM), Window(timeline, T0, timeline.frontier), holds=False) is None, (
        "nor is it an incident"
    )


def test_no_arrivals_are_neither_recovery_nor_incident() -> None:
    timeline = timeline_of((30, 0.0), rate=0)
    assert since(Question(ERRORS, WARM), Window(timeline, T0, timeline.frontier)) is None
    assert since(Question(ERRORS, WARM), Window(timeline, T0, timeline.frontier), holds=False) is None


def test_bounds_contain_the_change_and_are_narrow_for_a_sharp_one() -> None:
    missed, widths = 0, []
    for seed in range(40):
        timeline = timeline_of((20, 0.5), (20, 0.01), seed=seed)
        change = since(Question(ERRORS, WARM), Window(timeline, T0, timeline.frontier))
        assert change is not None
        earliest, latest = bounds(Question(ERRORS, WARM), Window(timeline, T0, timeline.frontier), change)
        missed += not earliest <= T0 + 20 <= latest
        widths.append(latest - earliest)
    assert missed <= 1
    assert max(widths) < 6.5


@pytest.mark.parametrize("change_s", [0.0, 0.25, 20.0, 40.0])
@pytest.mark.parametrize(
    "text",
    ["error_rate(gateway) < 5%", "error_rate(gateway) <= 0%", "count(gateway, timeout) == 0", "health(web) == ok"],
)
def test_bounds_contain_the_estimate_and_have_a_width(text: str, change_s: float) -> None:
    timeline = timeline_of((20, 0.5), (20, 0.0))
    earliest, latest = bounds(Question(parse(text), WARM), Window(timeline, T0, T0 + 40), T0 + change_s)
    assert T0 <= earliest <= T0 + change_s <= latest <= T0 + 40
    assert latest - earliest >= SLICE_S


def test_a_count_of_zero_holds_since_the_last_bad_arrival() -> None:
    condition = parse("count(gateway, timeout) == 0")
    timeline = timeline_of((5, 1.0), (10, 0.0))
    assert since(Question(condition, TestParameters(0.01)), Window(timeline, T0, timeline.frontier)) == T0 + 5
    assert since(Question(condition, WARM), Window(timeline, T0, T0 + 5.25)) is None
    assert since(Question(condition, WARM), Window(timeline, T0, timeline.frontier), holds=False) == T0


def test_a_sampled_condition_holds_after_seven_consecutive_samples() -> None:
    condition, timeline = parse("metric(web, fill) < 5"), Timeline()
    for second, value in enumerate([9, 9, *[1] * 7]):
        values = {"metric(web, fill)": {"pod": value}}
        timeline.add(ProbeSampled(t_s=T0 + second, side=TREATMENT, values=values))
    assert since(Question(condition, WARM), Window(timeline, T0, T0 + 7)) is None
    assert since(Question(condition, WARM), Window(timeline, T0, T0 + 8)) is not None
    assert has_begun(Question(parse("metric(web, fill) > 5"), WARM), Window(timeline, T0, T0 + 1))


def test_a_sampled_condition_holds_since_the_first_of_the_samples_that_meet_it() -> None:
    """A pod that hangs delays the samples: here one comes every five seconds."""
    condition, timeline = parse("metric(web, fill) < 5"), Timeline()
    for number, value in enumerate([9, 9, *[1] * 7]):
        values = {"metric(web, fill)": {"pod": value}}
        timeline.add(ProbeSampled(t_s=T0 + 5 * number, side=TREATMENT, values=values))
    assert since(Question(condition, WARM), Window(timeline, T0, T0 + 43)) == T0 + 10
    assert since(Question(condition, WARM), Window(timeline, T0 + 10, T0 + 43)) == T0 + 10


def test_a_sample_without_an_answer_of_a_running_pod_neither_meets_nor_breaks_a_sampled_condition() -> None:
    condition, timeline = parse("metric(web, fill) < 5"), Timeline()
    for second in range(20):
        values, missing = {"metric(web, fill)": {"a": 1}}, {"metric(web, fill)": ("b",)} if second % 7 == 6 else {}
        timeline.add(ProbeSampled(t_s=T0 + second, side=TREATMENT, values=values, missing=missing))
    question = Question(condition, WARM)
    assert since(question, Window(timeline, T0, T0 + 19)) is None, "never seven in a row"
    assert since(question, Window(timeline, T0 + 6, T0 + 6), holds=False) is None
    last = measure(question, Window(timeline, T0, T0 + 6))
    assert (last.holds, last.value, last.n) == (None, 1, 6)
    assert not has_begun(Question(parse("metric(web, fill) < 5"), WARM), Window(timeline, T0, T0 + 6))
