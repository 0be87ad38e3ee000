"""`gameday recover`: which runs it finds, and what it says about processes that it could not end."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from harness import app
from harness.machine import process_ledger, run_registry
from harness.platforms.base import PlatformOptions
from harness.platforms.local.provider import LocalProvider
from tests.support.gameday import gameday


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without runs, and an empty registry."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that leads a group."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as one:
        yield one
        one.kill()


def register(run: Path, pid: int, start_time: float) -> None:
    """As a harness that was killed leaves it."""
    with run_registry.registered(run):
        (file,) = run_registry.folder().glob("*.json")
        text = json.dumps({"run": str(run), "pid": pid, "start_time": start_time})
    file.write_text(text)


def platform_of(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Record the process as the daemon of a platform in the folder."""
    folder.mkdir(parents=True)
    entry = {"pid": process.pid, "start_time": psutil.Process(process.pid).create_time(), "what": "daemon"}
    (folder / process_ledger.LEDGER).write_text(json.dumps(entry))


def test_run_is_registered_until_it_ends(place: Path) -> None:
    with run_registry.registered(place / "a"):
        (runner,) = run_registry.runs().values()
        assert (list(run_registry.runs()), runner.pid) == ([place / "a"], os.getpid())
        (run_registry.folder() / "b.json").write_text("{")
        assert list(run_registry.runs()) == [place / "a"]
    assert run_registry.runs() == {}


def test_killed_run_is_found_wherever_its_directory_is(place: Path, process: subprocess.Popen[bytes]) -> None:
    run = place / "elsewhere" / "run"
    platform_of(process, run / "drills" / "treatment")
    register(run, 2**22, 1.0)
    (found,) = app.recover(app.RecoverRequest())
    assert (found.place, found.ended, found.left) == (str(run), (f"daemon (pid {process.pid})",), ())
    assert process.poll() is not None, "it has ended when `recover` returns"
    assert run_registry.runs() == {}
    assert app.recover(app.RecoverRequest()) == ()


def test_run_that_is_under_way_is_not_touched(place: Path, process: subprocess.Popen[bytes]) -> None:
    run = place / "elsewhere"
    platform_of(process, run / "treatment")
    register(run, os.getpid(), psutil.Process().create_time())
    notes: list[str] = []
    assert app.recover(app.RecoverRequest(), notify=notes.append) == ()
    assert notes == [f"{run}: this run is under way (pid {os.getpid()}); it is not touched"]
    assert process.poll() is None
    assert list(run_registry.runs()) == [run]


def test_directory_that_was_deleted_is_forgotten(place: Path) -> None:
    register(place / "gone", 2**22, 1.0)
    assert app.recover(app.RecoverRequest()) == ()
    assert run_registry.runs() == {}


def test_process_that_cannot_be_ended_is_named_and_the_run_stays_registered(
    place: Path, process: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: psutil.Process, number: int) -> None:
        raise psutil.AccessDenied(self.pid)

    monkeypatch.setattr(psutil.Process, "send_signal", refuse)
    monkeypatch.setattr(process_ledger, "KILLED_S", 0.1)
    platform_of(process, place / "run" / "treatment")
    register(place / "run", 2**22, 1.0)
    (found,) = app.recover(app.RecoverRequest())
    assert (found.ended, found.left) == ((), (f"daemon (pid {process.pid})",))
    assert list(run_registry.runs()) == [place / "run"]


def test_daemon_that_has_not_written_its_ledger_yet_is_ended(tmp_path: Path) -> None:
    folder = tmp_path / "run" / "treatment"
    env = {process_ledger.MARK: str(folder)}
    with subprocess.Popen(["/bin/sleep", "600"], start_new_session=True, env=env) as daemon:
        try:
            assert LocalProvider(PlatformOptions()).recover(tmp_path / "run") == [f"sleep (pid {daemon.pid})"]
            assert daemon.wait(1) != 0
        finally:
            daemon.kill()


def test_command_says_what_it_ended_and_that_nothing_is_left(place: Path, process: subprocess.Popen[bytes]) -> None:
    run = place / "run"
    platform_of(process, run / "treatment")
    register(run, 2**22, 1.0)
    done = gameday("recover", cwd=place / "work")
    assert (done.returncode, done.stdout) == (0, f"{run}: ended 1: daemon (pid {process.pid})\n"), done.stderr
    process.wait()
