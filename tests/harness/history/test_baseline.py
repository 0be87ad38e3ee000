"""Which runs can be pinned as a baseline."""

from __future__ import annotations

import pytest

from harness.history.baseline import LEAST_RUNS, MOST_RUNS, Baseline, choose, narrower
from harness.history.entry import RunEntry
from harness.history.profile import Measured, measured
from tests.support.history import run


def every(*runs: RunEntry) -> list[Measured]:
    return [each for found in runs for each in measured(found)]


def usual(count: int, first: int = 1) -> list[RunEntry]:
    return [run(number) for number in range(first, first + count)]


def test_ten_runs_are_enough_and_the_newest_twenty_are_taken() -> None:
    assert choose(every(*usual(LEAST_RUNS)), None).why == ""
    assert choose(every(*usual(LEAST_RUNS - 1)), None).why == "9 runs can be pinned, and a baseline needs 10"
    many = choose(every(*reversed(usual(MOST_RUNS + 5))), None)
    assert [each.run.number for each in many.runs] == list(range(25, 5, -1))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"load_late": 30}, "the load fell behind: 30 of 2000 arrivals were late"),
        ({"load_steady": False}, "the SLOs did not hold before the fault"),
        ({"load_arrivals": 199}, "199 arrivals in its steady window, fewer than 200"),
        ({"load_quantiles": (), "load_bad": 150}, "no P95: 150 of 2000 arrivals were bad"),
        ({"load_arrivals": 1700}, "narrower than the others: 1700 arrivals, and their median is 2000"),
        ({"load_reference_ms": None}, "no reference was measured, unlike in the newest run"),
    ],
)
def test_run_that_is_unfit_is_left_out_with_the_reason(changes: dict[str, object], why: str) -> None:
    choice = choose(every(*usual(12), run(99, **changes)), None)
    assert [(each.each.run.number, each.why) for each in choice.refused] == [(99, why)]
    assert 99 not in {each.run.number for each in choice.runs}
    assert len(choice.runs) == 12


def test_runs_without_a_reference_make_a_baseline_of_their_own() -> None:
    older = [run(number, load_reference_ms=None) for number in range(1, 13)]
    choice = choose(every(*older, run(13)), None)
    assert [each.why for each in choice.refused] == ["a reference was measured, unlike in the newest run"]
    assert not choice.why


def test_narrower_runs_never_replace_a_baseline() -> None:
    standing = Baseline(every(run(1))[0].profile, tuple(every(*usual(10))), 0.0)
    short = [run(number, load_window_s=19, load_arrivals=1900) for number in range(20, 32)]
    choice = choose(every(*short), standing)
    assert choice.why == "0 runs can be pinned, and a baseline needs 10"
    assert {each.why for each in choice.refused} == {
        "narrower than the pinned baseline: a steady window of 19 s, and the baseline's have 20 s or more"
    }
    assert choose(every(*short), None).why == "", "after `gameday baseline unpin`"
    assert choose(every(*usual(10, first=40)), standing).why == ""


def test_fewer_arrivals_are_narrower_only_beyond_chance() -> None:
    """The smallest count is 2,000; three standard deviations of a Poisson count are 134."""
    standing = Baseline(every(run(1))[0].profile, tuple(every(*usual(9), run(10, load_arrivals=2500))), 0.0)
    assert narrower(every(run(20, load_arrivals=1866))[0], standing) == ""
    found = narrower(every(run(20, load_arrivals=1865))[0], standing)
    assert found == "1865 arrivals, and the baseline's runs have 2000 or more"
