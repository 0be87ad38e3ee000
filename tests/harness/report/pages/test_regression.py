"""The page of a regression."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.history.baseline import Baseline
from harness.history.profile import Measured, measured
from harness.history.regression import Judgement, judge
from harness.report.pages.regression import to_html
from tests.support.history import noisy, run
from tests.support.pages import HOSTILE, Page


def one(number: int, p95_ms: float, **changes: object) -> Measured:
    (found,) = measured(run(number, p95_ms, **changes))
    return found


RUNS = tuple(each for entry in noisy(15) for each in measured(entry))[::-1]
BASELINE = Baseline(RUNS[0].profile, RUNS, 0.0)
REGRESSED = judge([one(50, 130.0), one(51, 128.0)], [BASELINE])


def with_references(*factors: float) -> Baseline:
    """The baseline on a machine whose speed varies, and P95 in proportion to it."""
    runs = [
        one(each.run.number, 100 * factor, load_reference_ms=0.25 * factor)
        for each, factor in zip(RUNS, factors, strict=True)
    ]
    return Baseline(RUNS[0].profile, tuple(runs), 0.0)


def test_first_words_are_outcome_run_and_the_reason() -> None:
    text = Page(to_html([REGRESSED])).text
    found = REGRESSED.prediction
    assert found is not None
    assert text.startswith("regressed: P95 of run 50 regressed P95 of run 50 ops.md, 1970-01-12 ")
    interval = f"[{found.low - 1:+.1%}, {found.high - 1:+.1%}]"
    assert (
        f"web: P95, in the mean of 2 runs, is {found.ratio - 1:.1%} higher {interval} than the baseline predicts"
        in text
    )
    assert f"chance explains up to {found.limit - 1:+.1%} (n 2000)." in text


def test_worst_scenario_is_named_first() -> None:
    fine, unknown = judge([one(50, 100.0)], [BASELINE]), judge([one(50, 100.0)], [])
    assert Page(to_html([fine, REGRESSED, unknown])).text.startswith("regressed: ")
    page = Page(to_html([fine, unknown])).text
    assert page.startswith("not comparable: ")
    assert "web: no baseline is pinned for the scenario web; `gameday baseline pin` pins one." in page
    assert Page(to_html([fine])).text.startswith("no regression found: ")


def test_page_without_a_judgement_has_the_reason() -> None:
    text = Page(to_html([], "no baseline: there is no history h.db")).text
    assert text.startswith("not comparable: P95 not comparable P95 no baseline: there is no history h.db.")


def test_plot_has_baseline_and_judged_runs_with_what_was_predicted() -> None:
    (group,) = Page(to_html([REGRESSED])).groups
    (plot,) = group["plots"]
    judged, baseline = plot["curves"]
    assert group["ticks"] == [*map(str, range(1, 16)), "50", "51"]
    assert judged["values"] == [None] * 15 + [130.0, 128.0]
    assert judged["intervals"][-1] == pytest.approx([0.95 * 128, 1.06 * 128])
    assert baseline["values"] == [
        *(pytest.approx(each.quantile.value_ms, abs=0.01) for each in RUNS[::-1] if each.quantile),
        None,
        None,
    ]
    found = REGRESSED.prediction
    assert found is not None
    predicted, limit = (each["value"] for each in plot["limits"])
    assert (130 * 128) ** 0.5 / predicted == pytest.approx(found.ratio, rel=1e-3)
    assert limit / predicted == pytest.approx(found.limit, rel=1e-3)
    assert group["names"][-2:] == [
        "run 50 (judged, 1970-01-12 15:10:00 UTC)",
        "run 51 (re-run, 1970-01-12 15:11:40 UTC)",
    ]


def test_with_a_reference_runs_are_adjusted_to_the_speed_at_the_judged_run() -> None:
    baseline = with_references(*(0.9 + 0.02 * number for number in range(15)))
    found = judge([one(50, 110.0, load_reference_ms=0.275)], [baseline])
    assert found.prediction is not None
    assert found.prediction.exponent == pytest.approx(1, rel=1e-6)
    (group,) = Page(to_html([found])).groups
    judged, adjusted, measured_ = group["plots"][0]["curves"]
    assert adjusted["values"][:15] == [pytest.approx(110.0, abs=0.01)] * 15
    assert judged["values"][15] == 110.0
    assert measured_["values"][:2] == [pytest.approx(118), pytest.approx(116)]


def test_run_that_cannot_be_compared_is_drawn_without_limits() -> None:
    page = Page(to_html([judge([one(50, 100.0, load_window_s=10, load_arrivals=1000)], [BASELINE])]))
    (plot,) = page.groups[0]["plots"]
    assert plot["limits"] == []
    assert "fewer samples than the baseline: a steady window of 10 s" in page.text
    without = Page(to_html([judge([one(50, 100.0, load_quantiles=())], [BASELINE])]))
    assert without.groups[0]["plots"][0]["curves"][0]["values"] == [None] * 16
    assert "run 50: no P95" in without.text


def test_names_stay_text_and_nothing_is_loaded() -> None:
    def hostile(each: Measured) -> Measured:
        entry = replace(each.run, revision=HOSTILE, document=HOSTILE, platform=HOSTILE)
        return Measured(entry, replace(each.load, scenario=HOSTILE, series=HOSTILE))

    runs = tuple(hostile(each) for each in REGRESSED.runs)
    bad = Judgement(REGRESSED.outcome, runs, BASELINE, (HOSTILE,), REGRESSED.prediction, REGRESSED.first)
    page, harmless = Page(to_html([bad])), Page(to_html([REGRESSED]))
    for tag in ("script", "img", "style", "link", "iframe"):
        assert page.count(tag) == harmless.count(tag), tag
    assert page.visible.count(HOSTILE) >= 6
    assert not page.has_handlers
    assert page.loads_nothing
