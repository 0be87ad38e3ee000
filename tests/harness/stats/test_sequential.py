"""The sequential test: right answers, seldom wrong ones, none without evidence. Fixed seeds; no clock."""

import math
import random

import pytest

from harness.stats.eprocess import log_evidence, restart
from harness.stats.inflation import ENOUGH_S, MARGIN, Slice, VifEstimate, inflation
from harness.stats.interval import fraction_interval, quantile_ranks
from harness.stats.sequential import MIN_KNOWN_S, MIN_S, SLICE_S, TestParameters, decide

FIRST = TestParameters(0.01)
WARM = TestParameters(0.01, VifEstimate(MARGIN, ENOUGH_S))
COLD_SLICES = round(MIN_S / SLICE_S)


def arrivals(p: float, count: int, size: int, seed: int) -> list[Slice]:
    rng = random.Random(seed)
    return [Slice(size, sum(rng.random() < p for _ in range(size))) for _ in range(count)]


def bursts(p: float, count: int, size: int, seed: int) -> list[Slice]:
    """Whole slices are bad together: correlated."""
    rng = random.Random(seed)
    return [Slice(size, size if rng.random() < p else 0) for _ in range(count)]


def queue(count: int, size: int, seed: int) -> list[Slice]:
    """Nobody is bad yet, but latencies of neighbours go up and down together, slice after slice."""
    rng, level, found = random.Random(seed), 0.0, []
    for _ in range(count):
        level = 0.9 * level + rng.gauss(0, 0.4)
        logs = [level + rng.gauss(0, 0.3) for _ in range(size)]
        found.append(Slice(size, 0, size, sum(logs), sum(log * log for log in logs)))
    return found


def first_decision(slices: list[Slice], theta: float, parameters: TestParameters = FIRST) -> bool | None:
    answers = (decide(slices[:end], theta, parameters).low for end in range(1, len(slices) + 1))
    return next((low for low in answers if low is not None), None)


@pytest.mark.parametrize(
    ("p", "low"), [(0.0, True), (0.005, True), (0.02, True), (0.12, False), (0.5, False), (1.0, False)]
)
def test_clear_cases_are_decided_rightly(p: float, low: bool) -> None:
    answers = [first_decision(arrivals(p, 160, 15, seed), 0.05) for seed in range(30)]
    assert answers.count(low) >= 28
    assert answers.count(not low) == 0


def test_at_the_objective_itself_hardly_anything_is_decided() -> None:
    answers = [first_decision(arrivals(0.05, 120, 15, seed), 0.05) for seed in range(120)]
    assert answers.count(None) >= 116


def test_correlated_badness_is_not_believed_as_quickly_as_independent() -> None:
    together = [first_decision(bursts(0.10, 60, 25, seed), 0.05) for seed in range(60)]
    apart = [first_decision(arrivals(0.10, 60, 25, seed), 0.05) for seed in range(60)]
    assert together.count(False) < apart.count(False)
    assert inflation(bursts(0.3, 80, 50, 1)) > 5 > inflation(arrivals(0.3, 80, 50, 1))


def test_queues_show_in_the_latency_before_anything_is_bad() -> None:
    slow_together, apart = inflation(queue(80, 20, 1)), inflation(arrivals(0.0, 80, 20, 1))
    assert apart == MARGIN
    assert slow_together > 5 * MARGIN


def test_no_arrivals_and_short_windows_decide_nothing() -> None:
    assert decide([], 0.05, FIRST).low is None
    assert decide([Slice(0, 0)] * 400, 0.05, FIRST).low is None
    assert decide([Slice(10_000, 0)] * (COLD_SLICES - 1), 0.05, FIRST).low is None
    assert decide([Slice(10_000, 0)] * COLD_SLICES, 0.05, FIRST).low is True


def test_what_earlier_runs_taught_saves_the_time_to_learn_it_again() -> None:
    slices = round(MIN_KNOWN_S / SLICE_S)
    assert decide([Slice(200, 0)] * slices, 0.05, WARM).low is True
    assert decide([Slice(200, 0)] * (slices - 1), 0.05, WARM).low is None
    assert decide([Slice(200, 0)] * slices, 0.05, TestParameters(0.01, VifEstimate(MARGIN, ENOUGH_S - 1))).low is None
    assert decide([Slice(200, 0)] * slices, 0.05, TestParameters(0.01, VifEstimate(20.0, ENOUGH_S))).low is None


def test_an_alarm_does_not_wait_for_a_vif() -> None:
    assert decide([Slice(20, 10)] * 4, 0.05, TestParameters(0.01, alarm=True)).low is False
    assert decide([Slice(20, 10)] * 4, 0.05, FIRST).low is None


def test_that_one_of_several_is_broken_takes_more_evidence_and_that_all_are_well_does_not() -> None:
    alone, shared = TestParameters(0.01, share=1, alarm=True), TestParameters(0.01, share=1000, alarm=True)
    assert [decide([Slice(9, 2)] * 8, 0.05, parameters).low for parameters in (alone, shared)] == [False, None]
    assert [decide([Slice(50, 0)] * 8, 0.05, parameters).low for parameters in (alone, shared)] == [True, True]


def test_never_means_never() -> None:
    assert decide([Slice(10, 0)] * 39 + [Slice(10, 1)], 0.0, FIRST).low is False
    assert decide([Slice(1, 0)] * 40, 0.0, FIRST).low is None
    assert decide([Slice(10, 0)] * 40, 0.0, FIRST).low is True


@pytest.mark.parametrize(("theta", "arrivals_needed"), [(0.05, 101), (0.01, 511), (0.001, 5131)])
def test_without_a_bad_arrival_so_many_are_needed(theta: float, arrivals_needed: int) -> None:
    needed = -math.log(0.01)
    assert log_evidence(theta, arrivals_needed, 0, below=True) >= needed
    assert log_evidence(theta, arrivals_needed - 1, 0, below=True) < needed


def test_the_interval_excludes_the_objective_exactly_when_it_is_decided() -> None:
    rng = random.Random(3)
    for _ in range(400):
        n, theta = rng.randint(1, 4000), rng.choice([0.01, 0.05, 0.2])
        bad = round(n * min(1.0, theta * rng.choice([0, 0.3, 0.7, 1, 1.3, 2, 4])))
        low, high = fraction_interval(n, bad, 0.01, 0.01)
        assert low <= bad / n <= high
        assert (high < theta) == (log_evidence(theta, n, bad, below=True) >= -math.log(0.01)), (n, bad, theta)
        assert (low > theta) == (log_evidence(theta, n, bad, below=False) >= -math.log(0.01)), (n, bad, theta)


def test_the_interval_covers_the_truth_at_every_look() -> None:
    missed = 0
    for seed in range(150):
        slices, n, bad = arrivals(0.03, 80, 20, seed), 0, 0
        for piece in slices:
            n, bad = n + piece.n, bad + piece.bad
            low, high = fraction_interval(n, bad, 0.05, 0.05)
            if not low <= 0.03 <= high:
                missed += 1
                break
    assert missed <= 0.1 * 150


def test_a_quantile_s_interval_narrows_and_holds_the_quantile() -> None:
    low, high = quantile_ranks(100, 0.95, 0.01, 0.01)
    assert 0.8 < low < 0.95
    assert high == 1.0, "a hundred values set no upper limit"
    closer = quantile_ranks(10_000, 0.95, 0.01, 0.01)
    assert low < closer[0] < 0.95 < closer[1] < 1.0


def test_about_so_many_more_seconds_are_needed() -> None:
    window = arrivals(0.0, 44, 5, 1)
    said = decide(window, 0.01, FIRST).more_s()
    assert said is not None
    took = next(end for end in range(44, 400) if decide(arrivals(0.0, end, 5, 1), 0.01, FIRST).low) - 44
    assert said == pytest.approx(took * SLICE_S, rel=0.2)
    assert decide(arrivals(0.0, 4, 30, 1), 0.05, FIRST).more_s() == MIN_S - 1.0
    assert decide([], 0.05, FIRST).more_s() is None
    assert decide([Slice(1000, 50)] * 40, 0.05, FIRST).more_s() is None, "at the objective nobody can say"


def test_evidence_begins_anew_behind_what_speaks_against_it() -> None:
    slices = [(20, 10)] * 30 + [(20, 0)] * 30
    assert restart(0.05, slices, below=True) == 30
    assert restart(0.05, slices, below=False) == 0
    assert restart(0.05, [(20, 0)] * 30 + [(20, 10)] * 5, below=False) == 30
