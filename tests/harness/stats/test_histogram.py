"""The latency histogram: quantiles against the sorted latencies, and the two copies of its layout."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats.histogram import Histogram, edges_ms, middle_ms, quantile_ms
from scenarios.generator import histogram as generator

LATENCIES_US = st.lists(st.integers(0, 120_000_000), min_size=1, max_size=200)
QUANTILES = st.floats(0, 1)
WITHIN = 0.002
"""Largest relative distance between a latency and the middle of its bucket."""


def buckets(latencies_us: list[int]) -> Counter[int]:
    return Counter(generator.index(us) for us in latencies_us)


@given(latencies=LATENCIES_US, q=QUANTILES)
def test_quantile_is_that_of_the_sorted_latencies_within_a_bucket(latencies: list[int], q: float) -> None:
    rank = max(1, math.ceil(q * len(latencies)))
    exact_ms = sorted(latencies)[rank - 1] / 1000
    assert quantile_ms(buckets(latencies), q) == pytest.approx(exact_ms, rel=WITHIN, abs=1e-9)


@given(latencies=LATENCIES_US, qs=st.tuples(QUANTILES, QUANTILES))
def test_quantiles_lie_between_the_extremes_and_grow(latencies: list[int], qs: tuple[float, float]) -> None:
    found = [quantile_ms(buckets(latencies), q) for q in (0.0, *sorted(qs), 1.0)]
    assert found == sorted(found, key=lambda ms: ms or 0.0)
    assert found[0] == pytest.approx(min(latencies) / 1000, rel=WITHIN)
    assert found[-1] == pytest.approx(max(latencies) / 1000, rel=WITHIN)


@given(first=LATENCIES_US, second=LATENCIES_US, third=LATENCIES_US, q=QUANTILES)
def test_merged_counts_are_those_of_all_latencies_in_any_order(
    first: list[int], second: list[int], third: list[int], q: float
) -> None:
    one, two, three = map(buckets, (first, second, third))
    assert (one + two) + three == one + (two + three) == buckets(third + first + second)
    assert quantile_ms(one + two + three, q) == quantile_ms(buckets(second + third + first), q)


@given(parts=st.lists(LATENCIES_US, max_size=4))
def test_increments_add_up_in_counts_and_in_moments(parts: list[list[int]]) -> None:
    """The moments are asked for after every increment, as the judge does."""
    whole, logs = Histogram(), [math.log(max(middle_ms(generator.index(us)), 1e-3)) for part in parts for us in part]
    for part in parts:
        whole.add(Histogram(buckets(part)))
        whole.log_moments()
    assert whole.merged() == buckets([us for part in parts for us in part])
    found = whole.log_moments()
    assert found[0] == pytest.approx(math.fsum(logs), rel=1e-9, abs=1e-9)
    assert found[1] == pytest.approx(math.fsum(log * log for log in logs), rel=1e-9)


def test_each_bucket_ends_where_the_next_begins_and_contains_its_middle() -> None:
    edges = [edges_ms(index) for index in range(5_000)]
    assert all(low <= middle_ms(index) < high for index, (low, high) in enumerate(edges))
    assert [high for _, high in edges[:-1]] == [low for low, _ in edges[1:]]


def test_quantile_without_counts_is_absent() -> None:
    assert quantile_ms({}, 0.95) is None


def test_the_generator_and_the_verdicts_have_the_same_buckets() -> None:
    """Every bucket up to two minutes; scenarios and harness share no code, so the layout is written twice."""
    longest = generator.index(120_000_000)
    assert [middle_ms(index) for index in range(longest + 1)] == [
        generator.value_us(index) / 1000 for index in range(longest + 1)
    ]
