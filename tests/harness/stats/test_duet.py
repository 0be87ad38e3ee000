"""The sequential comparison by blocks: its boundary, its interval, and how often it is wrong in simulation."""

from __future__ import annotations

import math
from random import Random

import pytest

from harness.stats.duet import MIN_BLOCKS, RESOLUTION, Design, Effect, Outcome, boundary, effect, inflation


def test_boundary_at_the_end_is_the_t_quantile_of_half_of_alpha() -> None:
    """Values of the t distribution: tables, for example NIST/SEMATECH, 1.3.6.7.2."""
    assert boundary(20, 20, 0.01) == pytest.approx(2.861, abs=0.002)  # t with 19 degrees of freedom at 0.5 %
    assert boundary(101, 101, 0.05) == pytest.approx(1.984, abs=0.002)  # 100 degrees at 2.5 %


def test_boundary_of_many_blocks_is_that_of_o_brien_and_fleming() -> None:
    """z √(K/k): with many degrees of freedom t and z agree."""
    for share in (0.25, 0.5, 1.0):
        assert boundary(round(share * 10**6), 10**6, 0.01) == pytest.approx(2.5758 / math.sqrt(share), rel=1e-3)


def crossings(planned: int, shift: float, runs: int) -> float:
    """Share of runs in which the interval lies above 0 after any of the blocks, of normal log ratios around `shift`."""
    rng, design, found = Random(f"{planned} {shift}"), Design(planned, 0.05), 0
    for _ in range(runs):
        logs = [rng.gauss(shift, 1) for _ in range(planned)]
        found += any(effect(logs[:count], design).low > 0 for count in range(MIN_BLOCKS, planned + 1))
    return found / runs


@pytest.mark.parametrize("planned", [20, 40])
def test_no_change_is_called_one_at_any_block_with_probability_alpha_at_most(planned: int) -> None:
    runs = 1_000
    assert crossings(planned, 0.0, runs) <= 0.05 + 2 * math.sqrt(0.05 / runs)


def test_detectable_change_is_found_with_its_probability() -> None:
    """The smallest change that is found with 80 %: (z + 0.84) standard errors. The VIF costs some of it."""
    planned = 40
    shift = effect([1.0, -1.0] * 20, Design(planned, 0.05)).detectable / math.sqrt(40 / 39)
    assert shift == pytest.approx((boundary(planned, planned, 0.05) + 0.8416) / math.sqrt(planned), rel=1e-3)
    assert 0.6 < crossings(planned, shift, 300) < 0.9


def test_effect_and_its_interval() -> None:
    logs = [0.1 + 0.02 * (-1) ** number for number in range(24)]
    found = effect(logs, Design(24, 0.01, share=4))
    error = math.sqrt(0.02**2 * 24 / 23 / 24)
    assert found.value == pytest.approx(0.1)
    assert found.low == pytest.approx(0.1 - error * boundary(24, 24, 0.0025))
    assert found.high == pytest.approx(0.1 + error * boundary(24, 24, 0.01))


def test_too_few_blocks_have_no_interval() -> None:
    assert effect([0.1] * (MIN_BLOCKS - 1), Design(40, 0.01)) == Effect(pytest.approx(0.1))


def test_equal_blocks_are_known_to_the_width_of_a_bucket_only() -> None:
    found = effect([0.0] * 20, Design(20, 0.01))
    assert found.high == pytest.approx(boundary(20, 20, 0.01) * RESOLUTION / math.sqrt(20))


def test_blocks_that_resemble_their_neighbours_inflate_the_variance() -> None:
    rng = Random(4)
    values = [rng.gauss(0, 1) for _ in range(40)]
    assert inflation([-1.0, 1.0] * 20) == 1.0
    assert inflation([value for value in values for _ in range(4)]) > 3
    assert inflation([1.0] * 20) == 1.0
    alike, apart = (effect(order, Design(40, 0.01)) for order in ([1.0] * 20 + [-1.0] * 20, [1.0, -1.0] * 20))
    assert alike.high > 2 * apart.high


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (-0.05, 0.05, Outcome.NOT_WORSE),
        (0.01, 0.05, Outcome.NOT_WORSE),
        (0.01, 0.15, Outcome.REGRESSED),
        (0.2, 0.3, Outcome.REGRESSED),
        (-0.01, 0.15, Outcome.UNDECIDED),
        (-0.3, -0.2, Outcome.NOT_WORSE),
        (-math.inf, math.inf, Outcome.UNDECIDED),
    ],
)
def test_finding_of_an_interval_and_a_margin(low: float, high: float, outcome: Outcome) -> None:
    assert Effect((low + high) / 2 if math.isfinite(low) else 0.0, low, high).outcome(0.1) is outcome
