"""The benchmark of regressions: its machines have the stated noise; a judgement broken on purpose misses thresholds."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path
from statistics import fmean, stdev

import pytest

from benchmarks.regress_error import CHANGES, MACHINES, Row, main, row_of, thresholds_of
from benchmarks.threshold import wilson
from harness.history import regression

RUNS = 100


@pytest.mark.parametrize(("name", "deviation"), [(name, 0.03 if name == "3 %" else 0.15 / 3**0.5) for name in MACHINES])
def test_machine_has_the_stated_noise(name: str, deviation: float) -> None:
    points = list(islice(MACHINES[name](random.Random(3)), 4000))
    assert fmean(p95 for p95, _ in points) == pytest.approx(0, abs=4 * deviation / 4000**0.5)
    assert stdev(p95 for p95, _ in points) == pytest.approx(deviation, rel=0.08)


def rows(change: float) -> list[Row]:
    return [row_of(name, change, RUNS) for name in MACHINES]


def test_thresholds_are_met_and_missed_when_every_run_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [row for change in CHANGES for row in rows(change)]
    assert [each.text for each in thresholds_of(found) if not each.ok] == []
    monkeypatch.setattr(regression, "ALPHA", 0.4)
    broken = thresholds_of([*rows(0.0), *(row for row in found if row.change)])
    missed = [each.text for each in broken if not each.ok]
    assert any("no re-runs: at most 2.5 %" in text for text in missed)
    assert any("with re-runs: at most 1 %" in text for text in missed)


def test_wilson_interval_is_the_published_one() -> None:
    """Brown, Cai and DasGupta, Statistical Science 16(2) 2001: 0 of 10 and 5 of 10."""
    assert wilson(0.0, 10) == pytest.approx((0.0, 0.2775), abs=5e-4)
    assert wilson(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=5e-4)


def test_command_prints_both_gates_and_is_in_the_readme(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--runs", "3"])
    shown = capsys.readouterr().out
    assert code in (0, 1)
    assert "> 10 %" in shown
    assert shown.count("±15 %, uniform") >= len(CHANGES)
    assert "regress_error.py" in (Path(__file__).parents[2] / "benchmarks" / "README.md").read_text()
