"""Bound on self-healing: its closed form, its coverage in simulation, and what more exposure does to it."""

import math
from random import Random

import pytest

from harness.stats.hazard import EarlierRuns, credited_share, ratio_needed, self_heal_bound


@pytest.mark.parametrize(("window_s", "before_s", "ratio"), [(10, 15, 2), (1, 40, 2), (60, 10, 3), (5, 5, 9)])
def test_bound_without_earlier_runs_is_the_largest_over_all_rates(
    window_s: float, before_s: float, ratio: float
) -> None:
    def wrong_credit(rate: float) -> float:
        both = (1 + ratio) * rate
        return math.exp(-both * before_s) * (1 - math.exp(-both * window_s)) / (1 + ratio)

    largest = max(wrong_credit(10 ** (step / 500 - 5)) for step in range(3000))
    assert self_heal_bound(window_s, before_s, ratio) == pytest.approx(largest, rel=1e-4)


@pytest.mark.parametrize("mean_s", [10, 30, 60, 120, 400])
def test_wrong_credits_in_simulation_are_at_most_the_bound(mean_s: float) -> None:
    """Both sides end by themselves; the response begins at 15 s, a recovery until 25 s is credited."""
    rng, runs = Random(f"mean {mean_s}"), 40_000
    ends = ((rng.expovariate(1 / mean_s), rng.expovariate(1 / mean_s)) for _ in range(runs))
    credited = sum(15 < treatment < 25 and control > 2 * treatment for treatment, control in ends) / runs
    bound = self_heal_bound(10, 15, 2)
    assert credited <= bound + 4 * math.sqrt(bound / runs)
    assert mean_s != 60 or credited > 0.9 * bound, "the bound is reached at the worst rate"


@pytest.mark.parametrize(("limit", "share"), [(0.1, 0.149), (0.01, 0.022)])
def test_share_that_is_credited_over_all_windows(limit: float, share: float) -> None:
    assert credited_share(limit) == pytest.approx(share, rel=0.02)


@pytest.mark.parametrize("mean_s", [20, 40, 100, 160])
def test_credited_share_in_simulation(mean_s: float) -> None:
    """A response at 15 s without effect; the control is observed for as long as the limit of 10 % demands."""
    rng, runs, credited = Random(f"share {mean_s}"), 20_000, 0
    for _ in range(runs):
        treatment, control = rng.expovariate(1 / mean_s), rng.expovariate(1 / mean_s)
        if treatment > 15:
            u = (treatment - 15) / 15
            needed = max(2.0, (1 + u) ** (-1 / u) * u / (1 + u) / 0.1 - 1)
            credited += control > needed * treatment
    bound = credited_share(0.1)
    assert credited / runs <= bound + 4 * math.sqrt(bound / runs)
    assert mean_s != 160 or credited / runs > 0.9 * bound, "the bound is nearly reached"


def test_bound_falls_with_exposure_and_rises_with_earlier_ends() -> None:
    bounds = [
        self_heal_bound(10, 15, 2, EarlierRuns(exposure_s, ends))
        for exposure_s, ends in ((0, 0), (100, 0), (1000, 0), (1000, 5), (1000, 50))
    ]
    first, some, much, with_ends, with_many = bounds
    assert first > some > much
    assert much < with_ends < with_many <= first * 1.001


def test_extreme_windows() -> None:
    assert self_heal_bound(0, 10, 2) == 0.0
    assert self_heal_bound(10, 0, 2) == pytest.approx(1 / 3)
    assert self_heal_bound(1e6, 1, 2) == pytest.approx(1 / 3, rel=0.01)


@pytest.mark.parametrize("alpha", [0.1, 0.05, 0.01])
def test_needed_ratio_is_the_smallest_that_suffices(alpha: float) -> None:
    ratio = ratio_needed(20, 15, alpha)
    assert self_heal_bound(20, 15, ratio) <= alpha
    assert ratio == 1.0 or self_heal_bound(20, 15, ratio - 0.02) > alpha
