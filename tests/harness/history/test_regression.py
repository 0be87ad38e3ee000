"""Judging a run against pinned baselines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.history.baseline import Baseline
from harness.history.entry import RunEntry
from harness.history.profile import Measured, measured
from harness.history.regression import ALPHA, Outcome, judge
from harness.stats.prediction import predict
from tests.support.history import HOST, LOAD, noisy, run


def one(found: RunEntry) -> Measured:
    (each,) = measured(found)
    return each


RUNS = tuple(one(each) for each in noisy(15))
BASELINE = Baseline(RUNS[0].profile, RUNS, 0.0)


def test_run_within_the_noise_is_no_regression() -> None:
    found = judge([one(run(50, 105.0))], [BASELINE])
    assert (found.outcome, found.reasons, found.baseline) == (Outcome.NO_ALARM, (), BASELINE)
    assert found.prediction == predict([each.point for each in RUNS], [one(run(50, 105.0)).point], ALPHA)
    assert found.first is None


def test_run_beyond_the_noise_regressed() -> None:
    found = judge([one(run(50, 130.0))], [BASELINE])
    assert found.outcome is Outcome.REGRESSED
    assert found.prediction is not None
    assert found.prediction.low > 1
    assert judge([one(run(50, 70.0))], [BASELINE]).outcome is Outcome.NO_ALARM, "faster is no regression"


def test_mean_of_run_and_reruns_decides() -> None:
    runs = [one(run(50, 118.0)), *(one(run(number, 98.0)) for number in (51, 52, 53))]
    found = judge(runs, [BASELINE])
    assert found.outcome is Outcome.NO_ALARM
    assert found.first is not None
    assert found.first.alarms
    confirmed = judge([one(run(number, 109.0)) for number in (50, 51, 52, 53)], [BASELINE])
    assert confirmed.outcome is Outcome.REGRESSED
    assert judge([one(run(50, 109.0))], [BASELINE]).outcome is Outcome.NO_ALARM, "a change that one run does not show"


def test_alpha_is_shared_by_the_scenarios_that_are_judged_together() -> None:
    limits = [judge([one(run(50))], [BASELINE], share).prediction for share in (1, 4)]
    assert limits[0] is not None
    assert limits[1] is not None
    assert limits[0].limit < limits[1].limit
    assert judge([one(run(50))], [BASELINE], 4).alpha == ALPHA / 4


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"host": replace(HOST, cores=4)}, "another host class: "),
        ({"platform": "docker"}, "another platform: docker instead of local"),
        ({"load_engine": "locust"}, "another load engine: locust instead of worker"),
        ({"load_rate_per_s": 60.0}, "another rate: 60 per second instead of 50 per second"),
        ({"load_rate_per_s": None}, "another rate: the scenario's own instead of 50 per second"),
        ({"start": "documented"}, "another start of the toggles: documented instead of deployed"),
        ({"load_scenario": "other"}, "no baseline is pinned for the scenario other; `gameday baseline pin` pins one"),
        ({"load_window_s": 19}, "run 50: fewer samples than the baseline: a steady window of 19 s, and"),
        (
            {"load_arrivals": 1000},
            "run 50: fewer samples than the baseline: 1000 arrivals, and the baseline's runs have",
        ),
        ({"load_arrivals": 2500}, "run 50: another rate: 62.5 arrivals per second instead of 50"),
        ({"load_late": 100}, "run 50: the load fell behind: 100 of 2000 arrivals were late"),
        ({"load_quantiles": (), "load_bad": 150}, "run 50: no P95: 150 of 2000 arrivals were bad"),
        ({"load_reference_ms": None}, "run 50: no reference was measured, and the baseline has one"),
        ({"load_reference_ms": 0.38}, "run 50: another speed of the machine: a reference of 0.38 ms, and"),
        ({"load_reference_ms": 0.16}, "run 50: another speed of the machine: a reference of 0.16 ms, and"),
    ],
)
def test_run_under_other_conditions_is_not_compared(changes: dict[str, object], reason: str) -> None:
    """However slow or fast it is."""
    for p95_ms in (1.0, 1000.0):
        found = judge([one(run(50, p95_ms, **changes))], [BASELINE])
        assert (found.outcome, found.prediction) == (Outcome.NOT_COMPARABLE, None)
        assert [each for each in found.reasons if each.startswith(reason)], found.reasons


def test_run_with_another_number_of_parallel_drills_is_not_compared() -> None:
    found = judge([one(run(50, load_parallel=2))], [BASELINE])
    assert found.reasons == ("another number of parallel drills: 2 instead of 1",)
    assert judge([one(replace(run(50), jobs=4))], [BASELINE]).outcome is Outcome.NO_ALARM, "--jobs 4 with one drill"


def test_run_with_a_sequential_control_is_not_compared_with_runs_of_both_sides_at_once() -> None:
    one_side = replace(LOAD, sides=1, arrivals=LOAD.arrivals // 2)
    found = judge([one(replace(run(50), loads=(one_side,)))], [BASELINE])
    assert "another number of sides at once: 1 instead of 2" in found.reasons
    assert not any("another rate" in each for each in found.reasons)


def test_run_of_the_baseline_is_not_compared_with_it() -> None:
    assert judge([RUNS[3]], [BASELINE]).reasons == ("run 4 is part of the baseline",)


def test_rerun_under_other_conditions_is_not_compared() -> None:
    found = judge([one(run(50, 130.0)), one(run(51, 130.0, platform="docker"))], [BASELINE])
    assert found.outcome is Outcome.NOT_COMPARABLE
    assert found.reasons == ("run 51: another platform: docker instead of local",)


def test_baseline_of_the_same_profile_is_taken_of_several() -> None:
    docker = tuple(one(replace(each.run, platform="docker")) for each in RUNS)
    other = Baseline(docker[0].profile, docker, 0.0)
    assert judge([one(run(50, platform="docker"))], [BASELINE, other]).baseline is other
    assert judge([one(run(50))], [other, BASELINE]).baseline is BASELINE


def test_run_that_breaks_its_slos_at_baseline_is_compared() -> None:
    assert judge([one(run(50, 400.0, load_steady=False))], [BASELINE]).outcome is Outcome.REGRESSED
