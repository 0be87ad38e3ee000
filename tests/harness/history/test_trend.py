"""Changes of P95 over a history."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness import app
from harness.errors import MachineError
from harness.history.profile import Measured, measured
from harness.history.trend import trend_of
from harness.report.trend import to_json, to_text
from tests.support.history import fill, noisy, run

WITHOUT_OTAVA = pytest.mark.skipif(
    importlib.util.find_spec("otava") is None, reason="the extra [trend] is not installed"
)


def newest_first(values_ms: Sequence[float], **changes: object) -> list[Measured]:
    runs = [run(number, value, **changes) for number, value in enumerate(values_ms, 1)]
    return [each for found in reversed(runs) for each in measured(found)]


STEP = [100.0, 101, 99, 100, 102, 98, 100, 101, 99, 100, 120, 121, 119, 120, 122, 118, 120, 121, 119, 120]


@WITHOUT_OTAVA
def test_change_is_found_where_it_is() -> None:
    (change,) = trend_of(newest_first(STEP)).changes
    assert change.first.run.number == 11
    assert (change.before_ms, change.after_ms) == pytest.approx((100.0, 120.0))
    assert change.p < 0.001


@WITHOUT_OTAVA
def test_history_without_a_change_has_none(tmp_path: Path) -> None:
    fill(tmp_path / "h.db", *noisy(20))
    (found,) = app.trend(app.TrendRequest(tmp_path / "h.db"))
    assert (len(found.runs), found.changes) == (20, ())
    assert "  no change in 20 runs\n" in to_text([found])


@WITHOUT_OTAVA
def test_report_names_run_change_and_rate_of_false_alarms() -> None:
    found = trend_of(newest_first(STEP))
    text = to_text([found])
    assert "  +20 % from run 11 (1970-01-12 14:05:00 UTC, revision 012345678) on: P95 100 -> 120 ms, p = " in text
    assert "a report, no verdict: without any change, 3 % of histories of 30 independent runs" in text
    assert '"before_ms": 100.0' in to_json([found])


def test_few_runs_have_no_trend() -> None:
    found = trend_of(newest_first(STEP[:9]))
    assert found.changes == ()
    assert "  9 usable runs; a trend needs 10\n" in to_text([found])


def test_runs_whose_load_fell_behind_are_left_out() -> None:
    behind = newest_first(STEP, load_late=100)
    assert trend_of([*behind, *newest_first([100.0])]).runs == tuple(newest_first([100.0]))


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "otava", None)
    monkeypatch.setitem(sys.modules, "otava.analysis", None)
    with pytest.raises(
        MachineError, match=r"Apache Otava, which is not installed; `pip install 'runbook-gameday\[trend\]'"
    ):
        trend_of(newest_first(STEP))
