"""VIF estimates from earlier runs, and the error budget that an incident spends, in simulated drills."""

import json
from pathlib import Path

import pytest

from harness.history.vif import MOST_RUNS, history_beside
from harness.report.json_report import VERSION, to_json
from harness.stats.inflation import ENOUGH_S, MARGIN, VIF_METHOD, VifEstimate
from harness.verdict.gameday import GamedayResult
from harness.verdict.state import MIN_LASTING_S
from tests.support.simulated_drill import World, incident

OBJECTIVE = "availability(gateway) >= 99%"


def run(folder: Path, **changes: object) -> GamedayResult:
    folder.mkdir(parents=True)
    result = World(folder, incident, **changes).run()  # type: ignore[arg-type]
    (folder / "result.json").write_text(to_json(result))
    return result


def phase(result: GamedayResult, name: str) -> float:
    return next(each.seconds for each in result.drills[0].phases if each.phase == name)


def test_later_run_decides_sooner_with_the_vif_of_an_earlier_one(tmp_path: Path) -> None:
    first = run(tmp_path / "first", rate=600)
    known = history_beside(tmp_path / "second", "local").known("web", 0.0, OBJECTIVE)
    assert known.suffices
    assert known.vif == pytest.approx(MARGIN)
    second = run(tmp_path / "second", rate=600, known=known)
    for name in ("baseline", "after-revert"):
        assert phase(first, name) >= 10, name
        assert phase(second, name) < phase(first, name) / 2, name
    assert first.verdict is second.verdict


def test_history_uses_long_windows_of_the_same_load_only(tmp_path: Path) -> None:
    run(tmp_path / "first", rate=600)
    history = history_beside(tmp_path / "second", "local")
    assert not history.known("other", 0.0, OBJECTIVE).seconds
    assert not history.known("web", 70.0, OBJECTIVE).seconds
    assert not history.known("web", 0.0, "availability(gateway) >= 99.9%").seconds
    run(tmp_path / "warm" / "one", rate=600, known=VifEstimate(2.0, ENOUGH_S))
    (window,) = history_beside(tmp_path / "warm" / "two", "local").windows
    assert window.seconds >= MIN_LASTING_S, "of the recovery only: baselines of one second are too short for a VIF"


@pytest.mark.parametrize(
    "other", [{"platform": "docker"}, {"version": VERSION + 1}, {"vif_method": VIF_METHOD - 1}, {"vif_method": None}]
)
def test_history_leaves_out_results_of_another_platform_version_or_method(
    tmp_path: Path, other: dict[str, object]
) -> None:
    run(tmp_path / "first", rate=600)
    assert history_beside(tmp_path / "second", "local").windows
    path = tmp_path / "first" / "result.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **other}))
    assert not history_beside(tmp_path / "second", "local").windows


def test_history_knows_for_how_long_the_control_of_a_drill_had_to_be_observed(tmp_path: Path) -> None:
    (drill,) = run(tmp_path / "first").drills
    history = history_beside(tmp_path / "second", "local")
    assert history.needed_s("WEB", "f") == [pytest.approx(drill.control_needed_s)]
    assert (history.needed_s("WEB", "g"), history.needed_s("SHOP", "f")) == ([], [])
    path = tmp_path / "first" / "result.json"
    older = json.loads(path.read_bytes())
    del older["drills"][0]["credit"]["needed_s"]
    path.write_text(json.dumps(older))
    assert history_beside(tmp_path / "second", "local").needed_s("WEB", "f") == []
    assert history_beside(tmp_path / "second", "local").windows, "the rest of an older result is used"


def test_history_leaves_out_damaged_results_and_uses_the_latest_runs(tmp_path: Path) -> None:
    run(tmp_path / "good", rate=600)
    for name, text in (("cut", '{"drills": ['), ("foreign", "[]"), ("older", '{"drills": [{"load": {}}]}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "result.json").write_text(text)
    assert history_beside(tmp_path / "next", "local").known("web", 0.0, OBJECTIVE).suffices
    for number in range(MOST_RUNS):
        (tmp_path / f"empty{number}").mkdir()
        (tmp_path / f"empty{number}" / "result.json").write_text('{"drills": []}')
    assert not history_beside(tmp_path / "next", "local").windows
    assert not history_beside(tmp_path / "nowhere" / "next", "local").windows


def test_incident_spends_the_expected_share_of_the_error_budget(tmp_path: Path) -> None:
    slo = run(tmp_path / "run").drills[0].slos[0]
    assert slo.budget is not None
    assert slo.budget.burn_rate == pytest.approx(0.5 / 0.01, rel=0.1)
    allowed = 0.01 * 100 * 28 * 86400
    assert slo.budget.spent == pytest.approx(0.5 * 100 * slo.budget.seconds / allowed, rel=0.1)
    assert slo.budget.spent_interval[0] < slo.budget.spent < slo.budget.spent_interval[1]
    assert slo.budget.window_s == 28 * 86400


def test_every_measurement_has_consistent_interval_and_sample_size(tmp_path: Path) -> None:
    run(tmp_path / "run")
    slo = json.loads((tmp_path / "run" / "result.json").read_text())["drills"][0]["slos"][0]
    for part in ("before", "control_before", "during", "after", "after_revert", "control"):
        reading = slo[part]
        low, high = reading["interval"]
        assert low <= reading["value"] <= high, part
        assert reading["effective"] == pytest.approx(reading["samples"] / reading["vif"]), part
        assert len(reading["alpha"]) == 2, part
        assert (reading["bad_interval"][1] < 0.01) == (reading["holds"] is True), part
        assert (reading["bad_interval"][0] > 0.01) == (reading["holds"] is False), part
