"""The e-process: properties, an independent computation in exact fractions, and published values."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats.eprocess import Cusums, log_evidence, restart

THETAS = st.sampled_from([0.001, 0.01, 0.05, 0.2, 0.5, 0.9])
HALF = Fraction(1, 2)
"""Weight of q = 0."""
Weights = list[tuple[Fraction, Fraction]]
"""(alternative, weight)."""
FACTORS_BELOW = [Fraction(text) for text in ("0.1", "0.2", "0.35", "0.5", "0.65", "0.8", "0.9")]
FACTORS_ABOVE = [Fraction(text) for text in ("1.1", "1.25", "1.6", "2", "3", "5")]


@st.composite
def counts(draw: st.DrawFn, most: int = 3000) -> tuple[int, int]:
    """(arrivals, bad ones)."""
    n = draw(st.integers(1, most))
    return n, draw(st.integers(0, n))


# -- properties --------------------------------------------------------------------------------------------------------


@given(theta=THETAS, arrivals=counts())
def test_evidence_grows_with_every_arrival_that_agrees_and_shrinks_with_every_other(
    theta: float, arrivals: tuple[int, int]
) -> None:
    n, bad = arrivals
    for below in (True, False):
        now = log_evidence(theta, n, bad, below=below)
        after_good = log_evidence(theta, n + 1, bad, below=below)
        after_bad = log_evidence(theta, n + 1, bad + 1, below=below)
        assert (after_bad < now < after_good) if below else (after_good < now < after_bad)


@given(theta=THETAS, arrivals=counts())
def test_evidence_never_supports_both_directions(theta: float, arrivals: tuple[int, int]) -> None:
    assert min(log_evidence(theta, *arrivals, below=True), log_evidence(theta, *arrivals, below=False)) <= 1e-9


@given(theta=THETAS, arrivals=counts(), factor=st.floats(1.0, 50.0))
def test_deflated_counts_are_weaker_evidence(theta: float, arrivals: tuple[int, int], factor: float) -> None:
    """For a decision in either direction: positive evidence shrinks with the counts."""
    n, bad = arrivals
    for below in (True, False):
        whole = log_evidence(theta, n, bad, below=below)
        deflated = log_evidence(theta, n / factor, bad / factor, below=below)
        assert whole < 0 or deflated <= whole + 1e-9


@given(theta=THETAS)
def test_no_arrivals_are_no_evidence(theta: float) -> None:
    assert log_evidence(theta, 0, 0, below=True) == pytest.approx(0, abs=1e-12)
    assert log_evidence(theta, 0, 0, below=False) == pytest.approx(0, abs=1e-12)


@given(theta=st.sampled_from([0.01, 0.05, 0.5]), entries=st.lists(counts(most=40), max_size=60), below=st.booleans())
def test_evidence_since_the_restart_is_the_largest_but_for_the_weights(
    theta: float, entries: list[tuple[int, int]], below: bool
) -> None:
    """There are at most eight alternatives, so the best start of one of them has at least an eighth of the evidence."""

    def since(start: int) -> float:
        return log_evidence(
            theta, sum(n for n, _ in entries[start:]), sum(bad for _, bad in entries[start:]), below=below
        )

    best = max(map(since, range(len(entries) + 1)))
    assert since(restart(theta, entries, below=below)) >= best - math.log(8) - 1e-9


@given(
    theta=st.sampled_from([0.01, 0.05, 0.5]),
    entries=st.lists(counts(most=40), max_size=40),
    changed=st.integers(0, 40),
    below=st.booleans(),
)
def test_cusums_that_forget_changed_entries_restart_as_new_ones(
    theta: float, entries: list[tuple[int, int]], changed: int, below: bool
) -> None:
    cusums, others = Cusums(theta, below=below), entries[:changed] + [(n, n - bad) for n, bad in entries[changed:]]
    cusums.extend(others)
    cusums.forget(changed)
    cusums.extend(entries[len(cusums) :])
    assert [cusums.restart(end) for end in range(len(entries) + 1)] == [
        restart(theta, entries[:end], below=below) for end in range(len(entries) + 1)
    ]


@given(theta=st.sampled_from([0.01, 0.05, 0.5]), entries=st.lists(counts(most=40), max_size=30), below=st.booleans())
def test_no_stretch_has_more_evidence_than_the_ceiling_where_it_ends(
    theta: float, entries: list[tuple[int, int]], below: bool
) -> None:
    cusums = Cusums(theta, below=below)
    cusums.extend(entries)
    for end in range(len(entries) + 1):
        for start in range(end):
            n, bad = (sum(entry[at] for entry in entries[start:end]) for at in (0, 1))
            assert log_evidence(theta, n, bad, below=below) <= cusums.ceiling(end) + 1e-9


@pytest.mark.parametrize(("every", "below"), [(150, True), (200, True), (400, True), (50, False), (33, False)])
def test_errors_at_a_steady_rate_are_no_restart(every: int, below: bool) -> None:
    """One error in so many arrivals, at θ = 1 %: the evidence grows slowly, and is not dropped at each error."""
    assert restart(0.01, [(every, 1)] * 60, below=below) == 0
    assert restart(0.01, [(every, 0), (every, 2)] * 30, below=below) <= 2


# -- an independent computation ----------------------------------------------------------------------------------------


def weights(theta: Fraction, *, below: bool, zero: Fraction) -> Weights:
    """The alternatives and weights of docs/explanation/verdicts.md; `zero` is the weight of no bad arrivals."""
    if below:
        share = (1 - zero) / len(FACTORS_BELOW)
        return [(Fraction(0), zero), *((theta * factor, share) for factor in FACTORS_BELOW)]
    above = [theta * factor for factor in FACTORS_ABOVE if theta * factor < 1]
    above += [q for q in (Fraction(1, 2), Fraction(9, 10)) if q > theta]
    return [(q, Fraction(1, len(above))) for q in above]


def exact_evidence(theta: Fraction, n: int, bad: int, alternatives: Weights) -> Fraction:
    """E(n, bad) without floats: the mixture of likelihood ratios."""
    return sum(
        (weight * (q / theta) ** bad * ((1 - q) / (1 - theta)) ** (n - bad) for q, weight in alternatives),
        Fraction(0),
    )


@given(theta=st.sampled_from([Fraction(1, 1000), Fraction(1, 20), Fraction(1, 2)]), arrivals=counts(most=150))
def test_evidence_equals_the_exact_mixture(theta: Fraction, arrivals: tuple[int, int]) -> None:
    for below in (True, False):
        exact = exact_evidence(theta, *arrivals, weights(theta, below=below, zero=HALF))
        log_exact = math.log(exact.numerator) - math.log(exact.denominator)
        assert log_evidence(float(theta), *arrivals, below=below) == pytest.approx(log_exact, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("below", [True, False])
@pytest.mark.parametrize("theta", [Fraction(1, 20), Fraction(1, 2)])
def test_evidence_is_a_martingale_while_the_fraction_is_theta(theta: Fraction, below: bool) -> None:
    """The expectation of E after one more arrival is E, exactly: so Ville's inequality applies."""
    alternatives = weights(theta, below=below, zero=HALF)
    for n, bad in ((0, 0), (7, 2), (40, 3)):
        bad_next, good_next = (exact_evidence(theta, n + 1, bad + more, alternatives) for more in (1, 0))
        assert theta * bad_next + (1 - theta) * good_next == exact_evidence(theta, n, bad, alternatives)


@pytest.mark.parametrize("below", [True, False])
def test_probability_of_a_wrong_decision_is_at_most_alpha_however_often_it_is_tested(below: bool) -> None:
    """Exact, at the fraction θ itself with a test after each of 1,500 arrivals: close to Ville's bound, and below."""
    theta, alpha = 0.05, 0.05
    undecided, wrong = {0: 1.0}, 0.0
    for n in range(1, 1501):
        following: dict[int, float] = {}
        for bad, probability in undecided.items():
            following[bad] = following.get(bad, 0.0) + probability * (1 - theta)
            following[bad + 1] = following.get(bad + 1, 0.0) + probability * theta
        likely = sorted(bad for bad, probability in following.items() if probability > 1e-12)
        for bad in likely if below else reversed(likely):
            if log_evidence(theta, n, bad, below=below) < -math.log(alpha):
                break
            wrong += following.pop(bad)
        undecided = following
    assert 0.3 * alpha < wrong < alpha


# -- published values --------------------------------------------------------------------------------------------------

ALPHA = 0.01
PUBLISHED_WITHOUT_BAD = {"0.05": 110, "0.01": 556, "0.001": 5632}
"""By θ: arrivals to a decision when none of them is bad."""
PUBLISHED_MEDIANS = {0.001: 109, 0.01: 170, 0.025: 590, 0.04: 4934, 0.06: 7999, 0.1: 316, 0.3: 16}
"""By true bad fraction: simulated median of the arrivals to a decision at θ = 5 %, α = 1 %."""
Evidence = Callable[[int, int], float]
"""log E by arrivals and bad ones."""


@pytest.mark.parametrize(("theta", "expected"), [("0.05", 101), ("0.01", 511), ("0.001", 5131)])
def test_arrivals_to_a_decision_without_a_bad_one_are_a_tenth_fewer_than_published(theta: str, expected: int) -> None:
    """Fewer because half of the weight is on q = 0; `exactly` needs no code of the product."""
    alternatives = weights(Fraction(theta), below=True, zero=HALF)
    gains = [(float(weight), float((1 - q) / (1 - Fraction(theta)))) for q, weight in alternatives]
    exactly = next(n for n in range(1, 10_000) if sum(weight * gain**n for weight, gain in gains) >= 1 / ALPHA)
    assert exactly == expected
    assert log_evidence(float(theta), expected, 0, below=True) >= -math.log(ALPHA)
    assert log_evidence(float(theta), expected - 1, 0, below=True) < -math.log(ALPHA)
    assert 0.9 < expected / PUBLISHED_WITHOUT_BAD[theta] < 1


def median_arrivals(p: float, below: Evidence, above: Evidence) -> int:
    """The exact median number of independent arrivals to a decision, a fraction p of them bad.

    Follows the distribution of the bad arrivals among the undecided runs, arrival by arrival. `low` is the largest
    number of bad arrivals that decides "below", `high` the smallest that decides "above".
    """
    needed, undecided, n, low, high = -math.log(ALPHA), {0: 1.0}, 0, -1, 1
    while sum(undecided.values()) > 0.5:
        n += 1
        while below(n, low + 1) >= needed:
            low += 1
        while high <= n and above(n, high) < needed:
            high += 1
        following: dict[int, float] = {}
        for bad, probability in undecided.items():
            following[bad] = following.get(bad, 0.0) + probability * (1 - p)
            following[bad + 1] = following.get(bad + 1, 0.0) + probability * p
        undecided = {bad: probability for bad, probability in following.items() if low < bad < high}
    return n


def mixture(theta: float, *, below: bool, zero: Fraction) -> Evidence:
    """The exact mixture in floats, without the product's code."""
    alternatives = [(float(q), float(w)) for q, w in weights(Fraction(str(theta)), below=below, zero=zero)]

    def log_mixture(n: int, bad: int) -> float:
        terms = [
            w * math.exp(bad * math.log(q / theta) + (n - bad) * math.log((1 - q) / (1 - theta)))
            for q, w in alternatives
            if q
        ]
        clean = [w * math.exp(-n * math.log(1 - theta)) for q, w in alternatives if not q and not bad]
        return math.log(math.fsum(terms + clean))

    return log_mixture


@pytest.mark.parametrize("p", PUBLISHED_MEDIANS)
def test_median_arrivals_to_a_decision_agree_with_the_published_ones(p: float) -> None:
    """The published medians are simulated and their weights differ, hence the factor of 1.5."""
    ours = median_arrivals(
        p,
        lambda n, bad: log_evidence(0.05, n, bad, below=True),
        lambda n, bad: log_evidence(0.05, n, bad, below=False),
    )
    independent = (mixture(0.05, below=below, zero=HALF) for below in (True, False))
    assert ours == median_arrivals(p, *independent)
    assert 1 / 1.5 < ours / PUBLISHED_MEDIANS[p] < 1.5
