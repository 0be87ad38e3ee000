"""Prediction intervals: against a worked example, and as often wrong as they say."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from harness.stats.prediction import LEAST_DEVIATION, Prediction, RunPoint, predict
from harness.stats.student import t_quantile

ALPHA = 0.01


def test_without_a_reference_the_limit_is_the_textbook_one() -> None:
    values = [math.exp(each) for each in (1.0, 2.0, 3.0, 4.0, 5.0)]
    found = predict([RunPoint(each) for each in values], [RunPoint(math.exp(4))], ALPHA)
    margin = t_quantile(0.99, 4) * math.sqrt(2.5) * math.sqrt(1 + 1 / 5)
    assert found.ratio == pytest.approx(math.e)
    assert (found.limit, found.low, found.high) == pytest.approx(
        (math.exp(margin), math.exp(1 - margin), math.exp(1 + margin))
    )
    assert found.exponent is None
    assert not found.alarms


def test_with_a_reference_it_is_that_of_a_regression() -> None:
    """x = 1…5, y = 2, 4, 5, 4, 5: slope 0.6, intercept 2.2, s² = 2.4 / 3, Σ(x − x̄)² = 10."""
    points = [RunPoint(math.exp(y), math.exp(x)) for x, y in enumerate((2, 4, 5, 4, 5), 1)]
    found = predict(points, [RunPoint(math.exp(7), math.exp(4))], ALPHA)
    margin = t_quantile(0.99, 3) * math.sqrt(0.8) * math.sqrt(1 + 1 / 5 + 1 / 10)
    assert found.exponent == pytest.approx(0.6)
    assert math.log(found.ratio) == pytest.approx(7 - (2.2 + 0.6 * 4))
    assert math.log(found.limit) == pytest.approx(margin)


def test_mean_of_several_runs_has_a_smaller_limit() -> None:
    points = [RunPoint(100 + each) for each in range(10)]
    one, four = (predict(points, [RunPoint(104.5)] * count, ALPHA).limit for count in (1, 4))
    assert math.log(one) / math.log(four) == pytest.approx(math.sqrt((1 + 1 / 10) / (1 / 4 + 1 / 10)))


def test_references_that_are_all_equal_are_no_reference() -> None:
    def found(reference: float | None) -> Prediction:
        return predict([RunPoint(each, reference) for each in (90, 100, 110)], [RunPoint(100, reference)], ALPHA)

    assert found(0.25) == found(None)


def test_runs_that_are_all_equal_differ_by_a_bucket() -> None:
    found = predict([RunPoint(100.0)] * 10, [RunPoint(100.4)], ALPHA)
    assert math.log(found.limit) == pytest.approx(t_quantile(0.99, 9) * LEAST_DEVIATION * math.sqrt(1.1))
    assert not found.alarms


def test_two_runs_predict_nothing() -> None:
    with pytest.raises(ValueError, match="a baseline of 2 runs predicts nothing"):
        predict([RunPoint(1), RunPoint(2)], [RunPoint(1)], ALPHA)


def independent(rng: random.Random, change: float = 0.0) -> RunPoint:
    return RunPoint(100 * math.exp(rng.gauss(0, 0.1) + change), math.exp(rng.gauss(0, 0.1)))


def following(rng: random.Random, change: float = 0.0) -> RunPoint:
    """P95 follows the square root of the machine's speed."""
    speed = rng.gauss(0, 0.2)
    return RunPoint(100 * math.exp(0.5 * speed + rng.gauss(0, 0.02) + change), math.exp(speed + rng.gauss(0, 0.01)))


@pytest.mark.parametrize("machine", [independent, following])
def test_share_of_alarms_without_a_change_is_alpha(machine: Callable[[random.Random], RunPoint]) -> None:
    """In 4,000 histories at α = 5 %; the limits are four standard errors."""
    rng, alarms, histories = random.Random(7), 0, 4000
    for _ in range(histories):
        alarms += predict([machine(rng) for _ in range(10)], [machine(rng)], 0.05).alarms
    assert alarms / histories == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / histories))


def test_detectable_change_is_found_with_the_stated_probability() -> None:
    rng, found, histories = random.Random(8), 0, 1500
    for _ in range(histories):
        baseline = [independent(rng) for _ in range(20)]
        change = math.log(predict(baseline, [independent(rng)], ALPHA).detectable)
        found += predict(baseline, [independent(rng, change)], ALPHA).alarms
    assert 0.74 < found / histories < 0.88


def test_reference_finds_what_the_noise_of_the_machine_hides() -> None:
    rng = random.Random(9)
    baseline = [following(rng) for _ in range(20)]
    slow = RunPoint(100 * math.exp(0.5 * 0.4), math.exp(0.4))
    assert not predict(baseline, [slow], ALPHA).alarms, "a slow machine, and the same service"
    assert predict(baseline, [RunPoint(1.2 * slow.p95, slow.reference)], ALPHA).alarms
    assert not predict([RunPoint(each.p95) for each in baseline], [RunPoint(1.2 * 100)], ALPHA).alarms
