"""The sequential test: right decisions, few wrong ones, none without evidence. Fixed seeds; no clock."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats.eprocess import restart
from harness.stats.inflation import ENOUGH_S, MARGIN, Slice, VifEstimate, inflation
from harness.stats.sequential import MIN_KNOWN_S, MIN_S, SLICE_S, TestParameters, decide, decided_from, more_s_from

FIRST = TestParameters(0.01)
WARM = TestParameters(0.01, VifEstimate(MARGIN, ENOUGH_S))
COLD_SLICES = round(MIN_S / SLICE_S)


def arrivals(p: float, count: int, size: int, seed: int) -> list[Slice]:
    rng = random.Random(seed)
    return [Slice(size, sum(rng.random() < p for _ in range(size))) for _ in range(count)]


def bursts(p: float, count: int, size: int, seed: int) -> list[Slice]:
    """Whole slices are bad together: correlated arrivals."""
    rng = random.Random(seed)
    return [Slice(size, size if rng.random() < p else 0) for _ in range(count)]


def queue(count: int, size: int, seed: int) -> list[Slice]:
    """No arrival is bad, but the latencies of neighbouring slices are correlated."""
    rng, level, found = random.Random(seed), 0.0, []
    for _ in range(count):
        level = 0.9 * level + rng.gauss(0, 0.4)
        logs = [level + rng.gauss(0, 0.3) for _ in range(size)]
        found.append(Slice(size, 0, size, sum(logs), sum(log * log for log in logs)))
    return found


def first_decision(slices: list[Slice], theta: float, parameters: TestParameters = FIRST) -> bool | None:
    """The first decision on a growing window; None when the whole is undecided. Shorter windows decide nothing."""
    answers = (decide(slices[:end], theta, parameters).low for end in range(COLD_SLICES, len(slices) + 1, 2))
    return next((low for low in answers if low is not None), None)


@pytest.mark.parametrize(
    ("p", "low"), [(0.0, True), (0.005, True), (0.02, True), (0.12, False), (0.5, False), (1.0, False)]
)
def test_decide_is_right_in_clear_cases(p: float, low: bool) -> None:
    answers = [first_decision(arrivals(p, 160, 15, seed), 0.05) for seed in range(30)]
    assert answers.count(low) >= 28
    assert answers.count(not low) == 0


def test_decide_leaves_nearly_every_run_at_the_objective_undecided() -> None:
    answers = [first_decision(arrivals(0.05, 120, 15, seed), 0.05) for seed in range(120)]
    assert answers.count(None) >= 116


def test_decide_needs_more_correlated_arrivals_than_independent_ones() -> None:
    together = [first_decision(bursts(0.10, 60, 25, seed), 0.05) for seed in range(60)]
    apart = [first_decision(arrivals(0.10, 60, 25, seed), 0.05) for seed in range(60)]
    assert together.count(False) < apart.count(False)
    assert inflation(bursts(0.3, 80, 50, 1)) > 5 > inflation(arrivals(0.3, 80, 50, 1))


def test_vif_rises_with_correlated_latencies_before_any_arrival_is_bad() -> None:
    slow_together, apart = inflation(queue(80, 20, 1)), inflation(arrivals(0.0, 80, 20, 1))
    assert apart == MARGIN
    assert slow_together > 5 * MARGIN


def test_decide_needs_arrivals_and_a_long_enough_window() -> None:
    assert decide([], 0.05, FIRST).low is None
    assert decide([Slice(0, 0)] * 400, 0.05, FIRST).low is None
    assert decide([Slice(10_000, 0)] * (COLD_SLICES - 1), 0.05, FIRST).low is None
    assert decide([Slice(10_000, 0)] * COLD_SLICES, 0.05, FIRST).low is True


def test_a_known_vif_shortens_the_window() -> None:
    slices = round(MIN_KNOWN_S / SLICE_S)
    assert decide([Slice(200, 0)] * slices, 0.05, WARM).low is True
    assert decide([Slice(200, 0)] * (slices - 1), 0.05, WARM).low is None
    assert decide([Slice(200, 0)] * slices, 0.05, TestParameters(0.01, VifEstimate(MARGIN, ENOUGH_S - 1))).low is None
    assert decide([Slice(200, 0)] * slices, 0.05, TestParameters(0.01, VifEstimate(20.0, ENOUGH_S))).low is None


def test_an_alarm_does_not_wait_for_the_vif() -> None:
    assert decide([Slice(20, 10)] * 4, 0.05, TestParameters(0.01, alarm=True)).low is False
    assert decide([Slice(20, 10)] * 4, 0.05, FIRST).low is None


def test_sharing_alpha_needs_more_evidence_for_above_but_not_for_below() -> None:
    alone, shared = TestParameters(0.01, share=1, alarm=True), TestParameters(0.01, share=1000, alarm=True)
    assert [decide([Slice(9, 2)] * 8, 0.05, parameters).low for parameters in (alone, shared)] == [False, None]
    assert [decide([Slice(50, 0)] * 8, 0.05, parameters).low for parameters in (alone, shared)] == [True, True]


def test_decide_with_theta_0_needs_one_bad_arrival_or_enough_good_ones() -> None:
    assert decide([Slice(10, 0)] * 39 + [Slice(10, 1)], 0.0, FIRST).low is False
    assert decide([Slice(1, 0)] * 40, 0.0, FIRST).low is None
    assert decide([Slice(10, 0)] * 40, 0.0, FIRST).low is True


def test_more_s_estimates_the_time_to_the_decision() -> None:
    window = arrivals(0.0, 44, 5, 1)
    estimate = decide(window, 0.01, FIRST).more_s()
    assert estimate is not None
    actual = next(end for end in range(44, 400) if decide(arrivals(0.0, end, 5, 1), 0.01, FIRST).low) - 44
    assert estimate == pytest.approx(actual * SLICE_S, rel=0.2)
    assert decide(arrivals(0.0, 4, 30, 1), 0.05, FIRST).more_s() == MIN_S - 1.0
    assert decide([], 0.05, FIRST).more_s() is None
    assert decide([Slice(1000, 50)] * 40, 0.05, FIRST).more_s() is None, "at the objective it is unknown"


def test_more_s_from_estimates_when_a_stretch_decides_behind_a_change() -> None:
    changed = [Slice(25, 12)] * 12 + [Slice(25, 1), Slice(25, 0)] * 140
    estimate = more_s_from(changed[:100], 0.01, WARM, below=False)
    actual = next(end for end in range(100, 292) if decided_from(changed[:end], 0.01, WARM, below=False) is not None)
    assert estimate == pytest.approx((actual - 100) * SLICE_S, rel=0.3)
    assert more_s_from(changed[:100], 0.01, WARM, below=True) is None, "no stretch is below the objective"
    assert more_s_from([], 0.01, WARM, below=False) is None


def test_restart_is_behind_the_last_contradiction() -> None:
    slices = [(20, 10)] * 30 + [(20, 0)] * 30
    assert restart(0.05, slices, below=True) == 30
    assert restart(0.05, slices, below=False) == 0
    assert restart(0.05, [(20, 0)] * 30 + [(20, 10)] * 5, below=False) == 30


# -- properties --------------------------------------------------------------------------------------------------------


@st.composite
def windows(draw: st.DrawFn) -> list[Slice]:
    """A window of 10 to 20 s whose bad fraction is one of several, constant or in bursts."""
    size, count = draw(st.integers(1, 40)), draw(st.integers(COLD_SLICES, 2 * COLD_SLICES))
    make = draw(st.sampled_from([arrivals, bursts]))
    return make(draw(st.sampled_from([0.0, 0.01, 0.05, 0.1, 0.5])), count, size, draw(st.integers(0, 1000)))


THETAS = st.sampled_from([0.0, 0.01, 0.05, 0.3, 1.0])
LARGE_VIF = VifEstimate(1000.0, ENOUGH_S)
"""Larger than any that these windows have, so that the order of the slices does not matter."""


@given(window=windows(), theta=THETAS, alphas=st.tuples(st.floats(1e-4, 0.5), st.floats(1e-4, 0.5)))
def test_decide_at_a_smaller_alpha_implies_the_same_decision_at_a_larger_one(
    window: list[Slice], theta: float, alphas: tuple[float, float]
) -> None:
    strict, lenient = (decide(window, theta, TestParameters(alpha)).low for alpha in sorted(alphas))
    assert strict is None or strict is lenient


@given(window=windows(), theta=THETAS, share=st.integers(1, 50))
def test_decide_below_does_not_depend_on_the_number_of_claims(window: list[Slice], theta: float, share: int) -> None:
    alone, shared = (decide(window, theta, TestParameters(0.01, share=number)).low for number in (1, share))
    assert (alone is True) == (shared is True)
    assert shared is not False or alone is False


@given(window=windows(), theta=THETAS, rng=st.randoms(use_true_random=False))
def test_decide_depends_on_the_sums_of_the_slices_and_not_on_their_order(
    window: list[Slice], theta: float, rng: random.Random
) -> None:
    parameters = TestParameters(0.4, LARGE_VIF)
    shuffled = rng.sample(window, len(window))
    whole, other = decide(window, theta, parameters), decide(shuffled, theta, parameters)
    assert (whole.low, whole.n, whole.bad, whole.effective) == (other.low, other.n, other.bad, other.effective)
    assert whole.interval() == other.interval()
    assert (whole.n, whole.bad) == (sum(piece.n for piece in window), sum(piece.bad for piece in window))


@given(window=windows(), theta=THETAS, known=st.floats(1, 50))
def test_decision_uses_the_larger_vif_and_its_interval_contains_the_observed_fraction(
    window: list[Slice], theta: float, known: float
) -> None:
    decision = decide(window, theta, TestParameters(0.01, VifEstimate(known, ENOUGH_S)))
    assert decision.vif == (max(known, decision.measured_vif) if 0 < theta < 1 else 1.0)
    assert decision.measured_vif >= (MARGIN if 0 < theta < 1 else 1.0)
    low, high = decision.interval()
    assert decision.fraction is not None
    assert low - 1e-12 <= decision.fraction <= high + 1e-12
    assert decision.effective == pytest.approx(decision.n / decision.vif)


@given(window=windows(), theta=st.sampled_from([0.01, 0.05, 0.3]))
def test_decided_from_finds_a_stretch_that_decides_by_itself(window: list[Slice], theta: float) -> None:
    for below in (True, False):
        first = decided_from(window, theta, FIRST, below=below)
        if decide(window, theta, FIRST).low is below:
            assert first == 0
        if first is not None:
            assert decide(window[first:], theta, FIRST).low is below, "at α, hence also at the smaller α that was used"


@given(window=windows(), theta=THETAS)
def test_more_s_is_0_exactly_when_decided(window: list[Slice], theta: float) -> None:
    decision = decide(window, theta, FIRST)
    assert (decision.more_s() == 0.0) == (decision.low is not None)
