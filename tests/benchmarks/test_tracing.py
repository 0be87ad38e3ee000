"""The benchmark of traces: its interval, its threshold, and a short round with real pods."""

from __future__ import annotations

import argparse
import math
import random

import pytest

from benchmarks import tracing
from benchmarks.tracing import Round

OPTIONS = argparse.Namespace(rate=50.0, share=0.05)


def rounds(*ratios: float) -> list[Round]:
    return [Round(1.0, ratio, 10) for ratio in ratios]


def test_the_interval_of_a_median_has_the_documented_ranks() -> None:
    assert tracing.interval(range(1, 21)) == (6, 15), "Conover, table A3: n = 20"
    assert tracing.interval(range(1, 7)) == (1, 6)
    assert tracing.interval([1.0, 2.0, 3.0]) == (-math.inf, math.inf), "three values are too few for 95 %"


def test_the_interval_covers_the_median_as_often_as_it_says() -> None:
    rng = random.Random(1)
    samples = [[rng.lognormvariate(0, 1) for _ in range(16)] for _ in range(1000)]
    covered = sum(low <= 1 <= high for low, high in map(tracing.interval, samples))
    assert 940 <= covered <= 995


def test_the_threshold_is_about_the_median_and_the_spans() -> None:
    def met(*measured: Round) -> list[bool]:
        return [each.met for each in tracing.summary(measured, OPTIONS, 10.0).thresholds]

    assert met(*rounds(1.0, 1.02, 1.2)) == [True, True]
    assert met(*rounds(1.0, 1.06, 1.2)) == [False, True]
    assert met(Round(1.0, 1.0, 0)) == [True, False], "without a span there was nothing to measure"


@pytest.mark.slow
def test_a_round_measures_both_pairs() -> None:
    found = tracing.one_round(50.0, 2.0, 1.0, random.Random(1))
    assert found.off_s > 0
    assert found.on_s > 0
