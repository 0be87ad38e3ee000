"""The variance inflation factor: bounds, invariances, and a closed form for autoregressive noise."""

from __future__ import annotations

import random
from statistics import fmean, variance

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.stats.inflation import ENOUGH_S, MARGIN, MIN_BATCHES, UNKNOWN, Slice, VifEstimate, inflation


def piece(size: int, share: float, logs: list[float]) -> Slice:
    return Slice(size, round(size * share), len(logs), sum(logs), sum(log * log for log in logs))


WINDOWS = st.lists(
    st.builds(piece, st.integers(0, 30), st.floats(0, 1), st.lists(st.floats(-3, 9), max_size=2)), max_size=40
)
"""Windows with bad arrivals and latencies, with empty slices and without any."""


@given(window=WINDOWS)
def test_vif_is_at_least_its_floor(window: list[Slice]) -> None:
    assert inflation(window) >= MARGIN


@given(window=WINDOWS)
def test_vif_is_the_floor_while_there_are_too_few_batches(window: list[Slice]) -> None:
    assert inflation(window[: MIN_BATCHES - 1]) == MARGIN


@given(window=WINDOWS)
def test_vif_of_good_arrivals_equals_that_of_bad_ones(window: list[Slice]) -> None:
    counted = [Slice(piece.n, piece.bad) for piece in window]
    assert inflation([Slice(n, n - bad) for n, bad, *_ in counted]) == pytest.approx(inflation(counted), rel=1e-6)


@given(window=WINDOWS, shift=st.floats(-7, 7))
def test_vif_does_not_depend_on_the_unit_of_the_latency(window: list[Slice], shift: float) -> None:
    """In another unit each log latency is larger by a constant."""
    shifted = [
        Slice(n, bad, timed, logs + timed * shift, squares + 2 * shift * logs + timed * shift**2)
        for n, bad, timed, logs, squares in window
    ]
    total = sum(piece.timed for piece in window)
    spread = sum(p.log_squares for p in window) / total - (sum(p.log_sum for p in window) / total) ** 2 if total else 1
    assume(spread > 1e-3)  # otherwise the variance is rounding error
    assert inflation(shifted) == pytest.approx(inflation(window), rel=1e-6)


@given(window=WINDOWS, rng=st.randoms(use_true_random=False))
def test_vif_does_not_depend_on_the_order_of_the_slices_without_longer_batches(
    window: list[Slice], rng: random.Random
) -> None:
    """Below two batches of two slices for each of ten, only single slices are compared, which have no order."""
    short = window[: 2 * MIN_BATCHES - 1]
    shuffled = rng.sample(short, len(short))
    assert inflation(shuffled) == pytest.approx(inflation(short), rel=1e-9)


def plain_vif(window: list[Slice]) -> float:
    """Batch means of the bad indicator as textbooks write them, for slices of equal size; without the margin."""
    size, bads = window[0].n, [piece.bad for piece in window]
    p, found, length = sum(bads) / (size * len(bads)), 1.0, 1
    while len(bads) // length >= MIN_BATCHES:
        batches = [bads[at : at + length] for at in range(0, len(bads) - length + 1, length)]
        means = [fmean(batch) / size for batch in batches]
        ratio = sum((mean - p) ** 2 for mean in means) / (len(means) - 1) / (p * (1 - p))
        found = max(found, ratio * size * len(bads) / len(means))
        length *= 2
    return found


@given(bads=st.lists(st.integers(0, 20), min_size=44, max_size=44).filter(any))
def test_vif_equals_the_textbook_formula(bads: list[int]) -> None:
    window = [Slice(20, bad) for bad in bads]
    assume(sum(bads) < 20 * len(bads))
    assert inflation(window) == pytest.approx(MARGIN * plain_vif(window), rel=1e-9)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.8])
def test_vif_of_autoregressive_latencies_is_near_the_closed_form(correlation: float) -> None:
    """AR(1) noise with lag-1 correlation r has a VIF of (1 + r) / (1 − r) (Law and Kelton, ch. 4)."""
    rng, level, window = random.Random(11), 0.0, []
    for _ in range(20_000):
        level = correlation * level + rng.gauss(0, 1)
        window.append(Slice(1, 0, 1, level, level * level))
    expected = (1 + correlation) / (1 - correlation)
    medium = [inflation(window[at : at + 320]) / MARGIN for at in range(0, 20_000 - 320, 320)]
    assert 0.8 * expected < fmean(medium) < 2.2 * expected, "the largest of several noisy estimates lies above"
    assert variance(medium) > 0


@given(windows=st.lists(st.tuples(st.floats(1, 50), st.floats(0.5, 60)), min_size=1, max_size=8))
def test_estimate_of_several_windows_lies_between_them_in_any_order(windows: list[tuple[float, float]]) -> None:
    def pooled(parts: list[tuple[float, float]]) -> VifEstimate:
        estimate = UNKNOWN
        for vif, seconds in parts:
            estimate = estimate.also(vif, seconds)
        return estimate

    whole, backwards = pooled(windows), pooled(windows[::-1])
    vifs = [vif for vif, _ in windows]
    assert min(vifs) - 1e-9 <= whole.vif <= max(vifs) + 1e-9
    assert whole.vif == pytest.approx(backwards.vif)
    assert whole.seconds == pytest.approx(sum(seconds for _, seconds in windows))


@pytest.mark.parametrize(("seconds", "suffices"), [(ENOUGH_S - 0.5, False), (ENOUGH_S, True)])
def test_estimate_suffices_from_enough_seconds_on(seconds: float, suffices: bool) -> None:
    assert VifEstimate(2.0, seconds).suffices is suffices
