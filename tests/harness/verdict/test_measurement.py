"""Measurements of sampled measures, and the error budget: what is counted, and where there is no interval."""

from __future__ import annotations

import pytest

from harness.conditions import parse
from harness.record.event import TREATMENT
from harness.record.events import LoadCounted, LoadSlice, ProbeSampled
from harness.report.format import show_estimate, show_evidence
from harness.stats.sequential import SLICE_S, TestParameters
from harness.verdict.budget import budget
from harness.verdict.measurement import Measurement, measure
from harness.verdict.timeline import Timeline
from harness.verdict.window import Question, Window

T0 = 1_000_000.0
RATIO = "ratio(web, drops, sent + drops) < 1%"


def sampled(text: str, seconds: int, **counters: list[float]) -> Measurement:
    """The measurement of a condition over so many seconds of these counters of one pod, from T0 on."""
    timeline = Timeline()
    for second in range(seconds + 1):
        values = {f"metric(web, {name})": {"a": numbers[second]} for name, numbers in counters.items()}
        timeline.add(ProbeSampled(t_s=T0 + second, side=TREATMENT, values=values))
    return measure(Question(parse(text), TestParameters(0.01)), Window(timeline, T0, T0 + seconds))


def test_sampled_measure_has_a_range_and_no_confidence_interval() -> None:
    found = sampled("metric(web, fill) < 5", 3, fill=[1, 7, 3, 4])
    assert (found.value, found.range, found.n, found.counted) == (4, (1, 7), 4, "samples")
    assert (found.interval, found.bad_interval, found.alpha, found.effective) == (None, None, None, None)
    assert show_estimate(found, "count") == "4 (range 1–7)"
    assert show_evidence(found) == "4 samples"


def test_measure_of_the_load_has_an_interval_and_no_range() -> None:
    timeline = Timeline()
    for number in range(44):
        part = LoadSlice("web", T0 + number * SLICE_S, 10, 10)
        timeline.add(LoadCounted(side=TREATMENT, until_s=T0 + 12, slices=(part,)))
    found = measure(Question(parse("error_rate(web) < 5%"), TestParameters(0.01)), Window(timeline, T0, T0 + 10))
    assert (found.n, found.counted, found.range) == (400, "arrivals", None)
    assert found.interval is not None
    assert show_estimate(found, "ratio").startswith("0 % (≤ ")
    assert show_evidence(found) == "n 400 (308 effective)"


def test_budget_of_a_ratio_counts_its_events() -> None:
    """100 messages a second before the fault; while it lasts 50 are sent and 150 dropped a second, for 10 s."""
    before = sampled(RATIO, 20, sent=[100.0 * n for n in range(21)], drops=[0.0] * 21)
    during = sampled(RATIO, 10, sent=[50.0 * n for n in range(11)], drops=[150.0 * n for n in range(11)])
    assert (during.value, during.range, during.holds) == (0.75, (0.75, 0.75), False)
    found = budget(0.01, 86400.0, before, during)
    assert found is not None
    assert found.spent == pytest.approx(1500 / (0.01 * 100 * 86400))
    assert found.burn_rate == pytest.approx(75)
    assert (found.spent_interval, found.burn_rate_interval) == (None, None)


def test_budget_is_absent_without_a_share_of_events() -> None:
    gauge = sampled("metric(web, fill) < 5", 3, fill=[1, 7, 3, 4])
    assert budget(None, 86400.0, gauge, gauge) is None
    assert budget(0.01, 86400.0, gauge, gauge) is None
    silent = sampled(RATIO, 3, sent=[7.0] * 4, drops=[0.0] * 4)
    assert budget(0.01, 86400.0, silent, silent) is None, "nothing was counted"
