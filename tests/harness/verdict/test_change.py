"""Onset and recovery on a timeline: when they are seen, from when on, and how sure that is. No clock."""

import random

import pytest

from harness.conditions import parse
from harness.record.events import TREATMENT, LoadCounted, LoadSlice, ProbeSampled
from harness.stats.inflation import ENOUGH_S, MARGIN, VifEstimate
from harness.stats.sequential import SLICE_S, TestParameters
from harness.verdict.change import arisen, bounds, since
from harness.verdict.timeline import Timeline

T0 = 1_000_000.0
WARM = TestParameters(0.01, VifEstimate(MARGIN, ENOUGH_S))
ERRORS = parse("error_rate(gateway) < 5%")
SYMPTOM = parse("error_rate(gateway) > 5%")
Stretch = tuple[float, float]
"""(seconds, bad fraction)."""


def told(*stretches: Stretch, rate: int = 100, seed: int = 1, pending: float = 0.0) -> Timeline:
    """A timeline of such stretches, one after the other; `pending` of the arrivals have no outcome yet."""
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


def test_a_recovery_is_seen_soon_and_dated_when_it_was() -> None:
    timeline = told((30, 0.5), (10, 0.0))
    seen = since(ERRORS, timeline, T0, timeline.frontier, WARM)
    assert seen == pytest.approx(T0 + 30, abs=0.25)
    assert since(ERRORS, timeline, T0, T0 + 31, WARM) is None
    first = next(s for s in range(121, 160) if since(ERRORS, timeline, T0, T0 + s * SLICE_S, WARM))
    assert first * SLICE_S - 30 < 2, "101 good arrivals at VIF 1.3 are 1.3 s"


def test_the_first_run_of_a_scenario_takes_ten_seconds() -> None:
    timeline = told((30, 0.5), (10, 0.0))
    assert since(ERRORS, timeline, T0, T0 + 39.75, TestParameters(0.01)) is None
    assert since(ERRORS, timeline, T0, T0 + 40, TestParameters(0.01)) == pytest.approx(T0 + 30, abs=0.25)


def test_a_healthy_past_does_not_hide_an_incident() -> None:
    timeline = told((60, 0.0), (1, 0.9))
    assert since(ERRORS, timeline, T0, T0 + 60, WARM) is not None
    assert since(ERRORS, timeline, T0, timeline.frontier, WARM) is None
    assert since(ERRORS, timeline, T0, timeline.frontier, WARM, holds=False) == pytest.approx(T0 + 60, abs=0.25)
    assert arisen(SYMPTOM, timeline, T0, timeline.frontier, TestParameters(0.01))


def test_a_past_incident_does_not_hide_a_new_one() -> None:
    timeline = told((30, 0.5), (30, 0.0), (1, 0.9))
    assert since(ERRORS, timeline, T0, timeline.frontier, WARM) is None


def test_what_has_no_outcome_yet_is_no_recovery() -> None:
    timeline = told((30, 0.0), pending=0.2)
    assert since(ERRORS, timeline, T0, timeline.frontier, WARM) is None
    assert since(ERRORS, timeline, T0, timeline.frontier, WARM, holds=False) is None, "nor is it an incident"


def test_nothing_happened_is_neither() -> None:
    timeline = told((30, 0.0), rate=0)
    assert since(ERRORS, timeline, T0, timeline.frontier, WARM) is None
    assert since(ERRORS, timeline, T0, timeline.frontier, WARM, holds=False) is None


def test_the_moment_of_a_change_lies_in_its_interval_and_sharp_changes_are_dated_sharply() -> None:
    missed, widths = 0, []
    for seed in range(40):
        timeline = told((20, 0.5), (20, 0.01), seed=seed)
        change = since(ERRORS, timeline, T0, timeline.frontier, WARM)
        assert change is not None
        earliest, latest = bounds(ERRORS, timeline, T0, timeline.frontier, WARM, change)
        missed += not earliest <= T0 + 20 <= latest
        widths.append(latest - earliest)
    assert missed <= 1
    assert max(widths) < 6


def test_an_absolute_number_begins_again_behind_the_last_event() -> None:
    condition = parse("count(gateway, timeout) == 0")
    timeline = told((5, 1.0), (10, 0.0))
    assert since(condition, timeline, T0, timeline.frontier, TestParameters(0.01)) == T0 + 5
    assert since(condition, timeline, T0, T0 + 5.25, WARM) is None
    assert since(condition, timeline, T0, timeline.frontier, WARM, holds=False) == T0


def test_a_measure_of_a_service_has_to_hold_at_seven_looks() -> None:
    condition, timeline = parse("metric(web, fill) < 5"), Timeline()
    for second, value in enumerate([9, 9, *[1] * 7]):
        values = {"metric(web, fill)": {"pod": value}}
        timeline.add(ProbeSampled(t_s=T0 + second, side=TREATMENT, values=values))
    assert since(condition, timeline, T0, T0 + 7, WARM) is None
    assert since(condition, timeline, T0, T0 + 8, WARM) is not None
    assert arisen(parse("metric(web, fill) > 5"), timeline, T0, T0 + 1, WARM)
