"""The sequential test: right answers, seldom wrong ones, and none without evidence. Fixed seeds; no clock."""

import random

import pytest

from harness.verdict.sequential import MIN_SLICES_PASS, decide, vif


def arrivals(p: float, seconds: int, rate: int, seed: int) -> list[tuple[int, int]]:
    rng = random.Random(seed)
    return [(rate, sum(rng.random() < p for _ in range(rate))) for _ in range(seconds)]


def bursts(p: float, seconds: int, rate: int, seed: int) -> list[tuple[int, int]]:
    """Whole seconds are bad together: correlated."""
    rng = random.Random(seed)
    return [(rate, rate if rng.random() < p else 0) for _ in range(seconds)]


def first_decision(slices: list[tuple[int, int]], theta: float) -> bool | None:
    for end in range(1, len(slices) + 1):
        low = decide(slices[:end], theta).low
        if low is not None:
            return low
    return None


@pytest.mark.parametrize(
    ("p", "low"), [(0.0, True), (0.005, True), (0.02, True), (0.12, False), (0.5, False), (1.0, False)]
)
def test_clear_cases_are_decided_rightly(p: float, low: bool) -> None:
    answers = [first_decision(arrivals(p, 60, 50, seed), 0.05) for seed in range(40)]
    assert answers.count(low) >= 38
    assert answers.count(not low) == 0


def test_at_the_objective_itself_hardly_anything_is_decided() -> None:
    answers = [first_decision(arrivals(0.05, 60, 50, seed), 0.05) for seed in range(200)]
    assert answers.count(None) >= 194


def test_correlated_badness_is_not_believed_as_quickly_as_independent() -> None:
    together = [first_decision(bursts(0.10, 30, 50, seed), 0.05) for seed in range(100)]
    apart = [first_decision(arrivals(0.10, 30, 50, seed), 0.05) for seed in range(100)]
    assert together.count(False) < apart.count(False)
    assert vif(bursts(0.3, 30, 50, 1)) > 5 > vif(arrivals(0.3, 30, 50, 1))


def test_no_arrivals_and_few_seconds_decide_nothing() -> None:
    assert decide([], 0.05).low is None
    assert decide([(0, 0)] * 100, 0.05).low is None
    assert decide([(10_000, 0)] * (MIN_SLICES_PASS - 1), 0.05).low is None
    assert decide([(10_000, 0)] * MIN_SLICES_PASS, 0.05).low is True


def test_never_means_never() -> None:
    assert decide([(10, 0)] * 9 + [(10, 1)], 0.0).low is False
    assert decide([(1, 0)] * 10, 0.0).low is None
    assert decide([(10, 0)] * 10, 0.0).low is True
