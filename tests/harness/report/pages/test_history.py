"""The page of a history."""

from __future__ import annotations

from dataclasses import replace

from harness.history.baseline import Baseline
from harness.history.entry import DrillEntry
from harness.history.profile import measured
from harness.report.pages.history import to_html
from harness.verdict.result import Verdict
from tests.support.history import noisy, run
from tests.support.pages import HOSTILE, Page

RUNS = [*noisy(12)][::-1]
"""Newest first, as the history gives them."""


def test_first_words_are_the_newest_run_and_the_number_of_verdicts() -> None:
    newest = replace(run(20), verdict=Verdict.FAILED, drills=(DrillEntry("WEB", "web", Verdict.FAILED, "why"),))
    text = Page(to_html([newest, *RUNS], [])).text
    assert text.startswith(
        "History of 13 runs failed Run 20, the newest of 13 12 passed, 1 failed; from 1970-01-12 13:48:20 to "
    )
    assert "20 1970-01-12 14:20:00 012345678 failed 20 ms [19, 21] ms 100 ms [95, 106] ms 120 ms ≥ 110 ms 2000" in text


def test_plot_has_the_quantiles_of_every_run_with_intervals_oldest_first() -> None:
    (group,) = Page(to_html(RUNS, [])).groups
    (plot,) = group["plots"]
    assert group["ticks"] == [str(number) for number in range(1, 13)]
    p95, p50, p99 = plot["curves"]
    assert [p95["name"], p50["name"], p99["name"]] == ["P95", "P50", "P99"]
    assert p95["values"] == [each.loads[0].quantiles[1].value_ms for each in RUNS[::-1]]
    assert p50["intervals"] == [[19.0, 21.0]] * 12
    assert p99["intervals"] == [[110.0, None]] * 12
    assert group["names"][0] == "run 1, 1970-01-12 13:48:20 UTC, passed"


def test_runs_under_other_conditions_have_a_plot_of_their_own() -> None:
    page = Page(to_html([run(30, platform="docker"), *RUNS], []))
    assert [group["ticks"] for group in page.groups] == [["30"], [str(number) for number in range(1, 13)]]
    assert len({group["id"] for group in page.groups}) == 2


def test_notes_name_baselines_and_loads_that_fell_behind() -> None:
    pinned = tuple(each for entry in RUNS for each in measured(entry))
    late = run(30, load_late=300)
    page = Page(to_html([late, *RUNS], [Baseline(pinned[0].profile, pinned, 0.0)]))
    assert page.text.count("2000 baseline") == 12
    assert page.text.count("2000 load fell behind") == 1
    assert page.groups[0]["names"][-1].endswith(", passed, load fell behind")


def test_run_without_a_steady_window_is_listed() -> None:
    page = Page(to_html([replace(run(30), loads=(), verdict=Verdict.INCONCLUSIVE), *RUNS], []))
    assert page.text.endswith(
        "Runs without a steady window run 30, 1970-01-12 14:36:40 UTC, revision 012345678: inconclusive"
    )


def test_history_without_a_run_says_so() -> None:
    assert Page(to_html([], [])).text == "History of 0 runs No run"


def test_names_stay_text_and_nothing_is_loaded() -> None:
    entry = run(30, load_scenario=HOSTILE, load_series=HOSTILE, load_engine=HOSTILE)
    drills = (DrillEntry(HOSTILE, HOSTILE, Verdict.PASSED, HOSTILE),)
    page = Page(to_html([replace(entry, revision=HOSTILE, platform=HOSTILE, drills=drills)], []))
    harmless = Page(to_html([run(30)], []))
    for tag in ("script", "img", "style", "link", "iframe"):
        assert page.count(tag) == harmless.count(tag), tag
    assert page.visible.count(HOSTILE) >= 4
    assert not page.has_handlers
    assert page.loads_nothing
