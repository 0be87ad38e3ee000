"""Confidence intervals: they contain the estimate, nest in the confidence, and are wider than the exact ones."""

from __future__ import annotations

import math
import random
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from harness.stats.eprocess import log_evidence
from harness.stats.interval import fraction_interval, quantile_ranks

ALPHAS = st.sampled_from([0.001, 0.01, 0.05, 0.2])
QUANTILES = st.sampled_from([0.5, 0.9, 0.95, 0.999])
ROUNDING = 1e-6
"""Bisection ends within this distance of the exact end."""


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    """(arrivals, bad ones)."""
    n = draw(st.integers(1, 3000))
    return n, draw(st.integers(0, n))


@given(arrivals=counts(), alpha_low=ALPHAS, alpha_high=ALPHAS)
def test_fraction_interval_contains_the_estimate_and_lies_in_0_to_1(
    arrivals: tuple[int, int], alpha_low: float, alpha_high: float
) -> None:
    n, bad = arrivals
    low, high = fraction_interval(n, bad, alpha_low, alpha_high)
    assert 0 <= low <= bad / n <= high <= 1


@given(arrivals=counts(), alphas=st.tuples(ALPHAS, ALPHAS))
def test_fraction_interval_of_more_confidence_contains_that_of_less(
    arrivals: tuple[int, int], alphas: tuple[float, float]
) -> None:
    wide, narrow = (fraction_interval(*arrivals, alpha, alpha) for alpha in sorted(alphas))
    assert wide[0] <= narrow[0] + ROUNDING
    assert narrow[1] <= wide[1] + ROUNDING


@given(arrivals=counts(), factor=st.floats(1.0, 20.0))
def test_fraction_interval_of_fewer_effective_arrivals_is_wider(arrivals: tuple[int, int], factor: float) -> None:
    n, bad = arrivals
    narrow, wide = fraction_interval(n, bad, 0.01, 0.01), fraction_interval(n / factor, bad / factor, 0.01, 0.01)
    assert wide[0] <= narrow[0] + ROUNDING
    assert narrow[1] <= wide[1] + ROUNDING


def binomial_tail(n: int, least: int, p: Fraction) -> Fraction:
    """The exact probability of `least` or more successes in n trials."""
    return sum((math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(least, n + 1)), Fraction(0))


@given(n=st.integers(1, 60), share=st.floats(0, 1), alpha=st.sampled_from([0.01, 0.05]))
def test_fraction_interval_excludes_only_what_the_exact_binomial_test_excludes(
    n: int, share: float, alpha: float
) -> None:
    """A fraction outside of it has an exact one-sided p-value of α or less (Clopper and Pearson, Biometrika 26, 1934).

    By Markov's inequality: the probability of so much evidence is at most 1 / E <= α.
    """
    bad = round(n * share)
    low, high = fraction_interval(n, bad, alpha, alpha)
    if low > ROUNDING:
        assert binomial_tail(n, bad, Fraction(low - ROUNDING)) <= alpha
    if high < 1 - ROUNDING:
        assert 1 - binomial_tail(n, bad + 1, Fraction(high + ROUNDING)) <= alpha


@given(n=st.floats(1, 1e5), q=QUANTILES, alphas=st.tuples(ALPHAS, ALPHAS))
def test_quantile_ranks_contain_the_quantile_and_nest_in_the_confidence(
    n: float, q: float, alphas: tuple[float, float]
) -> None:
    wide, narrow = (quantile_ranks(n, q, alpha, alpha) for alpha in sorted(alphas))
    assert 0 <= wide[0] <= narrow[0] + ROUNDING
    assert narrow[0] <= q <= narrow[1]
    assert narrow[1] <= wide[1] + ROUNDING <= 1 + ROUNDING


def test_no_arrivals_exclude_nothing() -> None:
    assert fraction_interval(0, 0, 0.01, 0.01) == (0.0, 1.0)
    assert quantile_ranks(0, 0.95, 0.01, 0.01) == (0.0, 1.0)


def test_fraction_interval_excludes_an_objective_exactly_when_the_e_process_decides() -> None:
    rng = random.Random(3)
    for _ in range(400):
        n, theta = rng.randint(1, 4000), rng.choice([0.01, 0.05, 0.2])
        bad = round(n * min(1.0, theta * rng.choice([0, 0.3, 0.7, 1, 1.3, 2, 4])))
        low, high = fraction_interval(n, bad, 0.01, 0.01)
        assert low <= bad / n <= high
        assert (high < theta) == (log_evidence(theta, n, bad, below=True) >= -math.log(0.01)), (n, bad, theta)
        assert (low > theta) == (log_evidence(theta, n, bad, below=False) >= -math.log(0.01)), (n, bad, theta)


def test_fraction_interval_covers_the_true_fraction_at_all_times() -> None:
    rng, missed = random.Random(1), 0
    for _ in range(150):
        n = bad = 0
        for _ in range(5):
            n, bad = n + 320, bad + sum(rng.random() < 0.03 for _ in range(320))
            low, high = fraction_interval(n, bad, 0.05, 0.05)
            if not low <= 0.03 <= high:
                missed += 1
                break
    assert missed <= 0.1 * 150


def test_quantile_ranks_narrow_with_the_number_of_values() -> None:
    low, high = quantile_ranks(100, 0.95, 0.01, 0.01)
    assert 0.8 < low < 0.95
    assert high == 1.0, "a hundred values give no upper limit"
    closer = quantile_ranks(10_000, 0.95, 0.01, 0.01)
    assert low < closer[0] < 0.95 < closer[1] < 1.0
