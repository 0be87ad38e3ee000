"""The verdict benchmark: its processes have the stated figures; a verdict broken on purpose misses its thresholds."""

import math
import random
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from benchmarks.changes import requests_to_see
from benchmarks.processes import PROCESSES, slices_of, sojourn_limit
from benchmarks.verdict_error import Cell, main, measure, measure_changes, row_of, thresholds_of
from benchmarks.verdict_methods import COLD, FIXED, METHODS, PEEK, RAW, THETA
from benchmarks.whole_drills import OBSERVE_S, experiments, outcome_of, threshold_of
from harness.verdict import credit

RATE_PER_S = 100.0  # half of the benchmark's: most of its time goes into making the arrivals


@pytest.mark.parametrize("process", PROCESSES)
def test_process_has_the_stated_bad_fraction(process: str) -> None:
    """Over 300 s it differs by at most four standard errors, with the largest VIF to be expected."""
    slices = slices_of(PROCESSES[process], 0.1, 200, 300, random.Random(5))
    n, bad = sum(piece.n for piece in slices), sum(piece.bad for piece in slices)
    assert n == pytest.approx(60_000, rel=0.02)
    assert bad / n == pytest.approx(0.1, abs=4 * (0.09 / n * 40) ** 0.5)


def test_sojourns_of_one_server_are_exponential() -> None:
    assert sojourn_limit(1, 100, 200, 0.05) == pytest.approx(0.029957, rel=1e-4), "-ln 0.05 / (200 - 100)"


@pytest.fixture(scope="module")
def whole() -> list[Cell]:
    """Return a run of every case, judged as the product does."""
    return measure(1, RATE_PER_S, 1.0, 2)


def test_thresholds_are_met_and_missed_when_correlation_is_ignored(whole: list[Cell]) -> None:
    """With every VIF at a hundredth, correlation is ignored, and the threshold at p = θ must be missed."""
    broken = measure(1, RATE_PER_S, 0.01, 2)
    assert row_of(whole, "all", COLD).wrong <= 0.01
    assert row_of(whole, "all", COLD).decided_at_theta < 0.1 < row_of(broken, "all", COLD).decided_at_theta
    found = thresholds_of(broken, measure_changes(1, RATE_PER_S, 2))
    missed = [threshold.text for threshold in found if not threshold.ok]
    assert "ours: at most 2 % decided at p = θ" in missed


def test_methods_get_the_same_runs_and_the_fixed_window_takes_all_of_its_time(whole: list[Cell]) -> None:
    cells = whole
    assert {len(cell.decisions[method]) for cell in cells for method in METHODS} == {1}
    assert fmean(decision.seconds for cell in cells for decision in cell.decisions[FIXED]) == 60
    assert {cell.case.p for cell in cells} > {THETA}
    assert len({cell.case.p for cell in cells} - {THETA}) == 12
    assert row_of(cells, "all", PEEK).mean_s < 60
    assert row_of(cells, "all", RAW).mean_s < row_of(cells, "all", COLD).mean_s


def test_onset_is_detected_after_fewer_requests_than_a_recovery() -> None:
    onset, recovery = (requests_to_see(*truths, THETA, 0.01, 40) for truths in ((0.01, 0.3), (0.3, 0.01)))
    assert 5 < onset < 40 < recovery < 400


def test_invalid_numbers_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--runs", "0"])
    assert end.value.code == 2
    assert "numbers above 0" in capsys.readouterr().err


def test_readme_has_the_command() -> None:
    page = (Path(__file__).parents[2] / "benchmarks" / "README.md").read_text()
    assert "verdict_error.py" in page
    assert "--margin" in page


def test_whole_drills_miss_their_threshold_when_every_recovery_is_credited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken on purpose: a control that counts as broken whenever it was, as in a drill that looks at it once."""
    later = next(each for each in experiments() if "12 s later" in each.name and each.changes)
    honest = outcome_of(later, 4, warm=True)
    assert (honest.share, threshold_of(later, "warm", honest, 4).ok) == (0.0, True)
    monkeypatch.setattr(credit, "AGE_FACTOR", 0.0)
    monkeypatch.setattr(credit, "_self_healed", lambda state, since: False)
    monkeypatch.setattr(credit, "BROKEN_NOW_S", math.inf)
    monkeypatch.setattr(credit, "SPELL_FACTOR", 0.0)
    broken = outcome_of(later, 4, warm=True)
    assert (broken.share, threshold_of(later, "warm", broken, 100).ok) == (1.0, False)


def test_good_runbook_passes_in_whole_drills() -> None:
    good = next(each for each in experiments() if each.name == "a good runbook")
    outcome = outcome_of(good, 4, warm=False)
    assert outcome.share == 1.0
    assert outcome.seconds < 90
    assert not threshold_of(good, "cold", replace(outcome, share=0.5), 100).ok


def test_sequential_control_in_whole_drills() -> None:
    by_name = {each.name: each for each in experiments()}
    good = outcome_of(by_name["a good runbook"], 3, warm=False, sequential=True)
    assert good.share == 1.0
    assert good.seconds > OBSERVE_S
    later = by_name["12 s later on the control: changes without effect"]
    assert outcome_of(later, 3, warm=True, sequential=True).share == 0.0
