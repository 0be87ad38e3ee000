"""`gameday history`, `baseline` and `regress`: what they print, and their exit codes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from harness.cli.main import exit_code_of
from harness.history.schema import VERSION
from tests.support.gameday import gameday
from tests.support.history import fill, noisy, run
from tests.support.pages import Page
from tests.support.simulated_drill import World, incident


class Command:
    """`gameday` in this process, in a working directory of its own without a git repository."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def out(self, *words: str, code: int = 0) -> str:
        """The output of a command that ends with this code and prints nothing else."""
        assert exit_code_of(words) == code
        shown = self._capsys.readouterr()
        assert shown.err == ""
        return shown.out

    def refused(self, *words: str) -> str:
        """The message of a command that ends with 2."""
        assert exit_code_of(words) == 2
        shown = self._capsys.readouterr()
        assert shown.out == ""
        return shown.err


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return Command(capsys)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The default history of `tmp_path`, with eleven runs."""
    file = tmp_path / ".gameday" / "history.db"
    fill(file, *noisy(11))
    return file


def test_history_lists_runs_with_their_latencies(command: Command, file: Path) -> None:
    fill(file, run(20, 123.4, dirty=True, load_late=300, platform="docker"))
    head, newest, *others = command.out("history").splitlines()
    columns = "run started (UTC) revision platform scenario verdict P50 ms P95 ms P99 ms arrivals"
    assert head.split() == columns.split()
    shown = newest.split()
    assert " ".join([shown[0], *shown[3:]]) == "12 012345678+ docker web passed 20 123.4 120 2000 load fell behind"
    assert len(others) == 11
    assert len(command.out("history", "--platform", "docker").splitlines()) == 2
    assert command.out("history", "--verdict", "failed") == "no run\n"
    found = json.loads(command.out("history", "--format", "json", "--last", "1", "--history", str(file)))
    (listed,) = found["runs"]
    assert (listed["run"], listed["loads"][0]["quantiles"][1]["value_ms"]) == (12, 123.4)
    assert listed["loads"][0]["histogram"] == {"1042": 1900, "2000": 100}


def test_history_adds_and_prunes_runs(command: Command, tmp_path: Path) -> None:
    World(tmp_path, incident).run()
    assert command.out("history", "add", ".") == ".: run 1\n"
    fill(tmp_path / ".gameday" / "history.db", run(1), run(2))
    assert command.out("history", "prune", "--keep", "1") == "removed 2 runs\n"
    with pytest.raises(SystemExit):
        command.out("history", "prune")


def test_command_works_in_a_process_of_its_own(tmp_path: Path, file: Path) -> None:
    done = gameday("history", "prune", "--keep", "2", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "removed 9 runs\n", "")


def test_baseline_is_pinned_shown_and_unpinned(command: Command, file: Path) -> None:
    assert command.out("baseline", "show") == "no baseline is pinned\n"
    pinned = command.out("baseline", "pin").splitlines()
    assert pinned[0].startswith("web, series gateway: local, engine worker, 50 per second, host class ")
    assert pinned[1:] == ["  pinned: 11 runs: 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1"]
    shown = command.out("baseline", "show").splitlines()
    assert shown[2].endswith("; 20 s and 2000 arrivals or more a run")
    found = json.loads(command.out("baseline", "show", "--format", "json"))["baselines"]
    assert [each["runs"] for each in found] == [list(range(11, 0, -1))]
    assert "baseline" in command.out("history").splitlines()[1]
    assert command.out("baseline", "unpin", "--scenario", "web").startswith("unpinned: web")
    assert "no such baseline is pinned" in command.refused("baseline", "unpin")


def test_baseline_that_cannot_be_pinned_exits_2_with_the_reasons(command: Command, file: Path) -> None:
    text = command.out("baseline", "pin", "1", "2", "3", code=2)
    assert "  not pinned: 3 runs can be pinned, and a baseline needs 10\n" in text


def test_regress_exits_0_1_and_3(command: Command, file: Path) -> None:
    assert "no baseline is pinned for the scenario web" in command.out("regress", code=3)
    command.out("baseline", "pin")
    assert "run 11 is part of the baseline" in command.out("regress", code=3)
    fill(file, run(20, 101.0), run(21, 140.0), run(22, 90.0, load_window_s=10, load_arrivals=1000))
    fine = command.out("regress", "12")
    assert fine.startswith("✓ web: no regression found: run 12 (1970-01-12 ")
    assert "smallest change found with a probability of 80 %: +" in fine
    slow = command.out("regress", "13", "--no-rerun", code=1)
    assert slow.startswith("✗ web: regressed: run 13")
    assert "at 98 %" in slow
    narrow = command.out("regress", code=3)
    assert narrow.startswith("? web: not comparable: run 14")
    assert "fewer samples than the baseline: a steady window of 10 s, and the baseline's have 20 s or more" in narrow


def test_regress_as_json_has_every_figure(command: Command, file: Path) -> None:
    command.out("baseline", "pin")
    fill(file, run(21, 140.0))
    found = json.loads(command.out("regress", "--no-rerun", "--format", "json", code=1))
    (scenario,) = found["scenarios"]
    assert (scenario["outcome"], scenario["runs"][0]["p95_ms"], scenario["alpha"]) == ("regressed", 140.0, 0.01)
    prediction = scenario["prediction"]
    assert prediction["ratio"] > prediction["limit"] > 1
    assert prediction["interval"][0] > 1
    assert scenario["baseline"]["runs"] == list(range(11, 0, -1))


def test_alarm_of_another_revision_is_not_repeated_and_exits_2(command: Command, file: Path) -> None:
    command.out("baseline", "pin")
    fill(file, run(21, 140.0))
    assert "run 12 alarms, and cannot be repeated here" in command.refused("regress")


def test_history_and_regress_write_a_page_beside_their_output(command: Command, file: Path) -> None:
    table = command.out("history")
    assert command.out("history", "--html", "history.html") == table
    assert "Run 11, the newest of 11" in Page(Path("history.html").read_text(encoding="utf-8")).text
    command.out("baseline", "pin")
    fill(file, run(21, 140.0))
    assert command.out("regress", "--no-rerun", "--html", "r.html", code=1).startswith("✗ web: regressed: run 12")
    assert Page(Path("r.html").read_text(encoding="utf-8")).text.startswith("regressed: P95 of run 12 ")


def test_page_of_a_regression_without_a_history_has_the_reason(command: Command) -> None:
    command.out("regress", "--html", "r.html", code=3)
    text = Page(Path("r.html").read_text(encoding="utf-8")).text
    assert text.startswith("not comparable: P95 not comparable P95 no baseline: there is no history .gameday/")


@pytest.mark.parametrize(
    ("name", "fact"),
    [("none/r.html", "cannot be written: there is no folder none"), (".", "is a folder")],
)
def test_page_that_cannot_be_written_is_refused_before_anything_is_judged(
    name: str, fact: str, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    for word in ("history", "regress"):
        with pytest.raises(SystemExit) as ended:
            exit_code_of([word, "--html", name])
        assert ended.value.code == 2
        assert f"argument --html: `{name}` {fact}; name a file in a folder that exists" in capsys.readouterr().err


def test_regress_without_a_history_exits_3(command: Command, tmp_path: Path) -> None:
    assert command.out("regress", code=3).startswith("? not comparable: no baseline: there is no history .gameday/")
    assert not (tmp_path / ".gameday").exists()


@pytest.mark.parametrize("words", [("history",), ("baseline", "show"), ("baseline", "pin"), ("regress",)])
def test_history_of_a_newer_schema_is_refused(command: Command, file: Path, words: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 99")
    fact = f"the history has schema version 99, and this gameday knows {VERSION}"
    fix = "use the release that wrote it, or name another file with --history"
    assert command.refused(*words) == f"gameday: .gameday/history.db: {fact}; {fix}\n"


def test_missing_history_is_refused(command: Command) -> None:
    message = "gameday: none.db: there is no history; `gameday run` writes it, --history names another one\n"
    assert command.refused("history", "--history", "none.db") == message
    assert command.refused("history", "prune", "--keep", "1", "--history", "none.db") == message
