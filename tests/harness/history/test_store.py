"""The history as a file: several writers, killed writers, and files that cannot be used."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from harness.history import store
from harness.history.database import HistoryError
from harness.history.entry import RunEntry
from harness.history.profile import measured
from harness.history.rows import insert_run
from harness.history.schema import MIGRATIONS, VERSION
from harness.history.store import history
from tests.support.history import RUN, fill, run
from tests.support.paths import ROOT

OTHER_USER = 65534


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".gameday" / "history.db"


def started(code: str, file: Path, **how: object) -> subprocess.Popen[str]:
    """A process that runs this code, with `file` and what the tests use of the history."""
    head = "from pathlib import Path; import os, sys, time\nfrom harness.history.store import history\n" \
           "from tests.support.history import fill, run\nfile = Path(sys.argv[1])\n"  # fmt: skip
    command = [sys.executable, "-c", head + code, str(file)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, text=True, **pipes, **how)  # type: ignore[call-overload, no-any-return]


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    out, err = process.communicate(timeout=60)
    return out, err


# -- what is kept ------------------------------------------------------------------------------------------------------


def test_run_comes_back_as_it_was_added(file: Path) -> None:
    assert fill(file, RUN) == [1]
    with history(file) as opened:
        assert opened.run("1") == replace(RUN, number=1)
        assert opened.run("/runs/0") == replace(RUN, number=1)
        (listed,) = opened.runs()
    assert listed.loads[0].seconds == (), "lists leave out the counts of seconds"
    assert replace(listed.loads[0], seconds=RUN.loads[0].seconds) == RUN.loads[0]


def test_same_run_is_added_once(file: Path) -> None:
    assert fill(file, run(1), run(2), run(1)) == [1, 2, 1]
    with history(file) as opened:
        assert [each.number for each in opened.runs()] == [2, 1]


def test_unknown_run_is_an_error(file: Path) -> None:
    fill(file, RUN)
    with history(file) as opened, pytest.raises(HistoryError, match=r"there is no run `7`; `gameday history` lists"):
        opened.run("7")


def test_removed_run_leaves_no_rows_and_its_number_is_not_used_again(file: Path) -> None:
    fill(file, run(1), run(2))
    with history(file) as opened:
        opened.remove([2])
    assert fill(file, run(3)) == [3]
    with closing(sqlite3.connect(file)) as connection:
        for table in ("drills", "loads", "quantiles", "seconds"):
            assert {row[0] for row in connection.execute(f"SELECT DISTINCT run FROM {table}")} == {1, 3}, table


def test_run_of_a_baseline_cannot_be_removed(file: Path) -> None:
    fill(file, run(1), run(2))
    with history(file) as opened:
        opened.pin(measured(opened.run("1")), 5.0)
        with pytest.raises(HistoryError, match="SQLITE_CONSTRAINT"), history(file) as another:
            another.remove([2, 1])
        assert [each.number for each in opened.runs()] == [2, 1], "all or none"
        (pinned,) = opened.baselines()
        assert (pinned.numbers, pinned.pinned_s) == ({1}, 5.0)
        opened.unpin([pinned.profile])
        assert opened.baselines() == []


def test_folder_that_is_made_for_a_history_is_ignored_by_git(file: Path) -> None:
    fill(file, RUN)
    subprocess.run(["git", "init", "-q", str(file.parents[1])], check=True)
    shown = subprocess.run(
        ["git", "status", "--porcelain"], cwd=file.parents[1], capture_output=True, text=True, check=True
    )
    assert shown.stdout == ""
    fill(file.parents[1] / "own.db", RUN)
    assert not (file.parents[1] / ".gitignore").exists(), "a folder of the user"


# -- several processes -------------------------------------------------------------------------------------------------


def test_processes_that_write_at_once_lose_nothing(file: Path) -> None:
    """They also create the file at once."""
    code = "sys.stdin.read()\nfor n in range(20): fill(file, run(n + 100 * int(os.environ['NUMBER'])))"
    writers = [started(code, file, env={**os.environ, "NUMBER": str(number)}) for number in range(3)]
    errors = [ended(each)[1] for each in writers]
    assert errors == [""] * 3
    with history(file) as opened:
        folders = {each.folder for each in opened.runs()}
    assert folders == {f"/runs/{n + 100 * number}" for n in range(20) for number in range(3)}


def test_writer_that_is_killed_in_a_transaction_leaves_the_committed_runs(file: Path) -> None:
    code = (
        "fill(file, run(1))\n"
        "from harness.history import store\n"
        "from harness.history.rows import insert_run\n"
        "def insert(connection, entry):\n"
        "    number = insert_run(connection, entry); print(number, flush=True); time.sleep(60); return number\n"
        "store.insert_run = insert\n"
        "fill(file, run(2))"
    )
    writer = started(code, file)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "2\n", "its rows are written, and not committed"
    writer.send_signal(signal.SIGKILL)
    assert writer.wait(10) == -signal.SIGKILL
    ended(writer)
    assert fill(file, run(3)) == [2], "the number of the lost run was never seen"
    with history(file) as opened:
        assert [each.folder for each in opened.runs()] == ["/runs/3", "/runs/1"]
        assert opened.run("1").loads[0].seconds, "whole"


def test_writers_killed_at_random_moments_leave_whole_runs(file: Path) -> None:
    code = "for n in range(10**6): fill(file, run(n + 10**7 * int(os.environ['NUMBER']))); print(n, flush=True)"
    committed = 0
    for number in range(4):
        writer = started(code, file, env={**os.environ, "NUMBER": str(number)})
        assert writer.stdout is not None
        for _ in range(3 + number):
            writer.stdout.readline()
            committed += 1
        writer.kill()
        ended(writer)
    with history(file) as opened:
        runs = [opened.run(str(each.number)) for each in opened.runs()]
    assert len(runs) >= committed
    assert all(each.loads == replace(RUN, number=each.number).loads for each in runs)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_writer_holds_the_history_from_its_first_look_at_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise what it has seen could change before it writes, and its transaction would fail."""
    refused: list[str] = []

    def insert(connection: sqlite3.Connection, entry: RunEntry) -> int:
        if not refused:
            refused.append("")
            with pytest.raises(HistoryError) as error, history(file, busy_s=0.05) as another:
                another.add(run(2))
            refused.append(str(error.value))
        return insert_run(connection, entry)

    monkeypatch.setattr(store, "insert_run", insert)
    assert fill(file, run(1), run(2)) == [1, 2]
    assert "another process has held the history" in refused[1]
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another process has begun to write, and does not end."""
    holder = started(
        "with history(file) as opened:\n"
        "    opened._connection.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()", file
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    try:
        yield
    finally:
        ended(holder)


def test_locked_history_is_an_error_for_writers_and_readable_for_others(file: Path) -> None:
    fill(file, run(1))
    with locked(file):
        fact = r"history\.db: another process has held the history for 0\.1 s; end it"
        with pytest.raises(HistoryError, match=fact), history(file, busy_s=0.1) as opened:
            opened.add(run(2))
        with history(file, busy_s=0.1) as opened:
            assert [each.folder for each in opened.runs()] == ["/runs/1"]
    assert fill(file, run(2)) == [2]


# -- files that cannot be used -----------------------------------------------------------------------------------------


def test_missing_history_is_an_error_and_is_not_created_by_readers(file: Path) -> None:
    with pytest.raises(HistoryError, match=r"history\.db: there is no history; `gameday run` writes it"), history(file):
        pass
    assert not file.parent.exists()


def test_older_schema_is_migrated_and_keeps_its_runs(file: Path) -> None:
    fill(file, run(1))
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("ALTER TABLE loads DROP COLUMN sides")
        connection.execute("DROP TABLE baselines")
        connection.execute("PRAGMA user_version = 1")
    with history(file) as opened:
        assert opened.baselines() == []
        assert opened.run("1").loads == run(1).loads
        assert [load.sides for load in opened.run("1").loads] == [2]
        opened.pin(measured(opened.run("1")), 0.0)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert len(MIGRATIONS) == VERSION == 3, "a new version needs a test that comes from the one before"


def test_newer_schema_is_refused_and_left_alone(file: Path) -> None:
    fill(file, run(1))
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = file.read_bytes()
    for create in (True, False):
        fact = "the history has schema version 99, and this gameday knows 3; use the release"
        with pytest.raises(HistoryError, match=fact), history(file, create=create):
            pass
    assert file.read_bytes() == before


def test_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE runs (a)")
    before = file.read_bytes()
    with pytest.raises(HistoryError, match=r"other\.db: a database of another program"), history(file, create=True):
        pass
    assert file.read_bytes() == before


def test_damaged_history_is_refused_and_left_alone(file: Path) -> None:
    fill(file, *(run(number) for number in range(30)))
    whole = file.read_bytes()
    for damaged in (
        b"not a database, whatever its name says" * 99,
        whole[: len(whole) // 2],
        whole[:4096] + os.urandom(len(whole) - 4096),
    ):
        file.write_bytes(damaged)
        with pytest.raises(HistoryError, match="the history is damaged, or none"), history(file) as opened:
            list(opened.runs())
        assert file.read_bytes() == damaged


def test_place_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HistoryError, match=r"the folder cannot be written \(.*\); name another file with --history"):
        fill(tmp_path / "file" / "below" / "history.db", RUN)
    with pytest.raises(HistoryError, match="cannot be opened or written here"):
        fill(tmp_path, RUN)


def test_history_in_a_folder_that_cannot_be_written_can_be_read() -> None:
    code = (
        f"if os.geteuid() == 0: os.setgroups([]); os.setgid({OTHER_USER}); os.setuid({OTHER_USER})\n"
        "with history(file) as opened: print([each.folder for each in opened.runs()])\n"
        "try: fill(file, run(2))\nexcept Exception as error: print(error)"
    )
    with tempfile.TemporaryDirectory() as folder:  # `tmp_path` lies in a folder that only its user may enter
        file = Path(folder) / "history.db"
        fill(file, run(1))
        file.chmod(0o444)
        Path(folder).chmod(0o555)
        out, err = ended(started(code, file))
        Path(folder).chmod(0o755)
    assert err == ""
    read, refused = out.splitlines()
    assert read == "['/runs/1']"
    assert "the history cannot be opened or written here (" in refused
