"""Student's t against published tables, and against distributions that it equals."""

from __future__ import annotations

import math

import pytest

from harness.stats.student import regularised_beta, t_quantile, t_tail


@pytest.mark.parametrize(
    ("p", "freedom", "published"),
    [
        (0.95, 1, 6.314),
        (0.975, 1, 12.706),
        (0.99, 2, 6.965),
        (0.975, 4, 2.776),
        (0.9995, 5, 6.869),
        (0.99, 9, 2.821),
        (0.995, 10, 3.169),
        (0.99, 19, 2.539),
        (0.90, 20, 1.325),
        (0.95, 30, 1.697),
        (0.975, 60, 2.000),
        (0.9995, 120, 3.373),
    ],
)
def test_quantiles_are_those_of_the_table(p: float, freedom: int, published: float) -> None:
    """NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2; 0.9995: Abramowitz and Stegun, table 26.10."""
    assert t_quantile(p, freedom) == pytest.approx(published, abs=6e-4)


@pytest.mark.parametrize("p", [0.001, 0.2, 0.5, 0.8, 0.999])
def test_one_and_two_degrees_of_freedom_have_closed_forms(p: float) -> None:
    assert t_quantile(p, 1) == pytest.approx(math.tan(math.pi * (p - 0.5)), rel=1e-9, abs=1e-12)
    assert t_quantile(p, 2) == pytest.approx((2 * p - 1) / math.sqrt(2 * p * (1 - p)), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("freedom", [1, 3, 18, 200])
@pytest.mark.parametrize("p", [0.01, 0.4, 0.6, 0.995])
def test_quantile_is_the_inverse_of_the_tail(p: float, freedom: int) -> None:
    assert t_tail(t_quantile(p, freedom), freedom) == pytest.approx(1 - p, rel=1e-9)


def test_incomplete_beta_has_its_closed_forms() -> None:
    assert (regularised_beta(0, 2, 3), regularised_beta(1, 2, 3)) == (0, 1)
    for x in (0.01, 0.3, 0.9):
        assert regularised_beta(x, 1, 4) == pytest.approx(1 - (1 - x) ** 4)
        assert regularised_beta(x, 5, 1) == pytest.approx(x**5)
        assert regularised_beta(x, 0.5, 0.5) == pytest.approx(2 / math.pi * math.asin(math.sqrt(x)))
