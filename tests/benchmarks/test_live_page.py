"""The benchmark of the live page: its drill reaches the pages, and when its thresholds are missed."""

from __future__ import annotations

from benchmarks import live_page
from benchmarks.live_page import PAGES, thresholds


def test_its_drill_reaches_every_page_and_costs_something() -> None:
    found = live_page.cost(1.0)
    assert found.read_bytes > 1000 * PAGES
    assert 0 <= found.server < 100


def test_each_figure_has_its_threshold() -> None:
    good = thresholds(4.9, [200_000], (0.1, 1.0, 9.0), (0.1, 5.0, 99.0))
    assert [each.met for each in good] == [True, True, True]
    bad = thresholds(5.1, [200_000, 0], (0.1, 1.0, 9.0), (0.1, 60.0, 99.0))
    assert [each.met for each in bad] == [False, False, False]
