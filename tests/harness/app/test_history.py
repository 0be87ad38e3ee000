"""Use cases of the history: keeping runs, and re-runs that confirm an alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness import app
from harness.errors import MachineError
from harness.history.database import HistoryError
from harness.history.entry import RunEntry
from harness.history.regression import Outcome
from harness.history.store import history
from harness.verdict.gameday import GamedayResult
from tests.support.history import fill, noisy, run
from tests.support.simulated_drill import World, incident

DAY_S = 86400.0


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A history in a working directory without a git repository."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return tmp_path / "history.db"


def numbers(file: Path, **wanted: object) -> list[int]:
    return [each.number for each in app.list_runs(app.HistoryRequest(file, **wanted)).runs]  # type: ignore[arg-type]


# -- runs --------------------------------------------------------------------------------------------------------------


def test_run_is_kept_from_its_record(file: Path, tmp_path: Path) -> None:
    result = World(tmp_path, incident).run()
    assert app.keep(tmp_path, file) == app.keep(tmp_path, file, result) == 1
    (found,) = app.list_runs(app.HistoryRequest(file)).runs
    assert (found.folder, found.verdict, found.loads[0].scenario) == (str(tmp_path), result.verdict, "web")


def test_runs_are_filtered(file: Path) -> None:
    fill(file, run(1), run(2, platform="docker"), run(3, revision="fedc"), run(4, drills=()))
    assert numbers(file) == [4, 3, 2, 1]
    assert numbers(file, last=2) == [4, 3]
    assert numbers(file, platform="docker") == [2]
    assert numbers(file, revision="fed") == [3]
    assert numbers(file, scenario="web") == [3, 2, 1]
    assert numbers(file, verdict="failed") == []


def test_pruning_keeps_new_runs_and_those_of_baselines(file: Path) -> None:
    fill(file, *(run(number, started_s=number * DAY_S) for number in range(1, 21)))
    app.pin(app.PinRequest(file, tuple(map(str, range(1, 11)))))
    assert app.prune(app.PruneRequest(file, keep=3)) == 7
    assert numbers(file) == [20, 19, 18, *range(10, 0, -1)]
    app.unpin(app.BaselineRequest(file))
    assert app.prune(app.PruneRequest(file, days=2.5), now_s=21 * DAY_S) == 11
    assert numbers(file) == [20, 19]


# -- baselines ---------------------------------------------------------------------------------------------------------


def test_newest_runs_like_the_newest_one_are_pinned(file: Path) -> None:
    fill(file, *noisy(12), *(run(number, platform="docker") for number in range(30, 42)))
    (choice,) = app.pin(app.PinRequest(file), now_s=7.0)
    assert {each.run.platform for each in choice.runs} == {"docker"}
    (pinned,) = app.show_baselines(app.BaselineRequest(file))
    assert (pinned.numbers, pinned.pinned_s) == (set(range(13, 25)), 7.0)
    (other,) = app.pin(app.PinRequest(file, tuple(map(str, range(1, 11)))))
    assert other.why == ""
    assert len(app.show_baselines(app.BaselineRequest(file))) == 2


def test_too_few_runs_leave_the_pinned_baseline_as_it_is(file: Path) -> None:
    fill(file, *noisy(12))
    app.pin(app.PinRequest(file))
    (choice,) = app.pin(app.PinRequest(file, ("1", "2")))
    assert choice.why == "2 runs can be pinned, and a baseline needs 10"
    assert app.show_baselines(app.BaselineRequest(file))[0].numbers == set(range(1, 13))


def test_baselines_that_do_not_exist_are_errors(file: Path) -> None:
    with pytest.raises(HistoryError, match="there is no history"):
        app.pin(app.PinRequest(file))
    fill(file, run(1))
    with pytest.raises(HistoryError, match="there is no run with the scenario other"):
        app.pin(app.PinRequest(file, scenario="other"))
    with pytest.raises(HistoryError, match="no such baseline is pinned"):
        app.unpin(app.BaselineRequest(file))


# -- regressions -------------------------------------------------------------------------------------------------------


class Reruns:
    """In place of `app.run`: adds the next run to the history."""

    def __init__(self, file: Path, runs: Sequence[RunEntry], result: GamedayResult) -> None:
        self._file, self._runs, self._result = file, list(runs), result
        self.requests: list[app.RunRequest] = []

    def __call__(self, request: app.RunRequest) -> app.RunResult:
        self.requests.append(request)
        done = self._runs.pop(0)
        fill(self._file, done)
        return app.RunResult(Path(done.folder), self._result)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> GamedayResult:
    return World(tmp_path_factory.mktemp("world"), incident).run()


def plain(number: int, p95_ms: float, **changes: object) -> RunEntry:
    """A run outside of a git repository."""
    return run(number, p95_ms, revision="", dirty=False, **changes)


def prepared(file: Path, *judged: RunEntry) -> None:
    """A history with a pinned baseline of 15 runs, and runs to judge."""
    fill(file, *noisy(15))
    app.pin(app.PinRequest(file))
    fill(file, *judged)


def test_newest_run_is_judged_without_a_rerun_if_it_does_not_alarm(file: Path, result: GamedayResult) -> None:
    prepared(file, plain(50, 300.0), plain(51, 102.0))
    reruns = Reruns(file, [], result)
    found = app.regress(app.RegressRequest(file), rerun=reruns)
    assert (found.exit_code, [each.outcome for each in found.judgements]) == (0, [Outcome.NO_ALARM])
    assert found.judgements[0].runs[0].run.number == 17
    assert reruns.requests == []


def test_alarm_is_confirmed_by_the_mean_with_one_rerun(file: Path, result: GamedayResult) -> None:
    prepared(file, plain(50, 130.0))
    reruns, lines = Reruns(file, [plain(51, 128.0)], result), list[str]()
    found = app.regress(app.RegressRequest(file), rerun=reruns, notify=lines.append)
    assert (found.exit_code, len(found.judgements[0].runs)) == (1, 2)
    assert lines == ["P95 of web is higher than the baseline explains; re-run 1 of at most 3"]


def test_alarm_that_no_mean_confirms_is_no_regression_after_three_reruns(file: Path, result: GamedayResult) -> None:
    prepared(file, plain(50, 118.0))
    reruns = Reruns(file, [plain(number, 98.0) for number in (51, 52, 53)], result)
    found = app.regress(app.RegressRequest(file), rerun=reruns)
    (judgement,) = found.judgements
    assert (found.exit_code, judgement.outcome, len(judgement.runs)) == (0, Outcome.NO_ALARM, 4)
    assert judgement.first is not None
    assert judgement.first.alarms


def test_later_rerun_can_confirm(file: Path, result: GamedayResult) -> None:
    prepared(file, plain(50, 118.0))
    reruns = Reruns(file, [plain(51, 96.0), plain(52, 122.0), plain(53, 122.0)], result)
    found = app.regress(app.RegressRequest(file), rerun=reruns)
    assert found.exit_code == 1
    assert len(reruns.requests) in (2, 3)


def test_rerun_whose_load_fell_behind_leaves_the_alarm_undecided(file: Path, result: GamedayResult) -> None:
    prepared(file, plain(50, 130.0))
    found = app.regress(app.RegressRequest(file), rerun=Reruns(file, [plain(51, 130.0, load_late=200)], result))
    assert found.exit_code == 3
    assert found.judgements[0].reasons == ("run 17: the load fell behind: 200 of 2000 arrivals were late",)


def test_alarm_without_reruns_is_a_regression(file: Path) -> None:
    prepared(file, plain(50, 130.0))
    assert app.regress(app.RegressRequest(file, rerun=False)).exit_code == 1
    assert app.regress(app.RegressRequest(file, run="16", rerun=False)).exit_code == 1


def test_rerun_repeats_the_drills_of_the_alarmed_scenario_with_the_same_options(
    file: Path, result: GamedayResult
) -> None:
    drills = (run(1).drills[0], replace(run(1).drills[0], runbook="OTHER", scenario="other"))
    alarmed = plain(50, 130.0, drills=drills, steady_s=30.0, start="documented", load_rate_per_s=9.0)
    fill(file, *(replace(each, start="documented", loads=alarmed.loads) for each in noisy(3)))
    documented = [replace(each, start="documented", drills=drills) for each in noisy(15, first=20)]
    fill(file, *documented)
    app.pin(app.PinRequest(file))
    judged = replace(alarmed, loads=(replace(alarmed.loads[0], rate_per_s=50.0),))
    fill(file, judged)
    reruns = Reruns(file, [replace(judged, started_s=9e6, folder="/runs/again")], result)
    assert app.regress(app.RegressRequest(file), rerun=reruns).exit_code == 1
    (request,) = reruns.requests
    assert request.plan == app.PlanRequest(Path("ops.md"), Path("gameday.yaml"), ("WEB",), app.Start.DOCUMENTED)
    assert (request.steady_s, request.jobs, request.history, request.platform.name) == (30.0, 1, file, "local")


def test_other_revision_of_the_working_directory_cannot_confirm_an_alarm(file: Path, result: GamedayResult) -> None:
    prepared(file, run(50, 130.0))
    reruns = Reruns(file, [], result)
    with pytest.raises(
        MachineError, match=r"run 16 alarms, and cannot be repeated here: it ran 0123456789ab, and this is no"
    ):
        app.regress(app.RegressRequest(file), rerun=reruns)
    assert app.regress(app.RegressRequest(file, rerun=False)).exit_code == 1


def test_one_regressed_scenario_outweighs_one_that_cannot_be_judged(file: Path) -> None:
    prepared(file)
    other = replace(plain(50, 130.0).loads[0], scenario="other")
    fill(file, replace(plain(50, 130.0), loads=(*plain(50, 150.0).loads, other)))
    found = app.regress(app.RegressRequest(file, rerun=False))
    assert [each.outcome for each in found.judgements] == [Outcome.REGRESSED, Outcome.NOT_COMPARABLE]
    assert found.exit_code == 1
    assert app.regress(app.RegressRequest(file, scenario="other", rerun=False)).exit_code == 3


def test_nothing_to_judge_never_passes(file: Path) -> None:
    nowhere = app.regress(app.RegressRequest(file))
    assert (nowhere.exit_code, nowhere.why) == (3, f"no baseline: there is no history {file}; `gameday run` writes it")
    with history(file, create=True):
        pass
    assert app.regress(app.RegressRequest(file)).exit_code == 3
    fill(file, run(1))
    unpinned = app.regress(app.RegressRequest(file))
    assert (unpinned.exit_code, unpinned.judgements[0].outcome) == (3, Outcome.NOT_COMPARABLE)
    assert app.regress(app.RegressRequest(file, scenario="other")).why == "run 1 has no load of other to judge"
