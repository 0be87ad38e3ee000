"""The guard of an external program: it ends the program at its own end, whatever that is, and says how it ended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from harness.machine.guard import Guard
from harness.machine.waiting import wait_until

MODULE = "harness.machine.guards.program"
SLEEPS = ("/bin/bash", "-c", "echo started; exec sleep 60")


def child_of(guard: Guard) -> psutil.Process:
    """The program that a guard runs."""
    [child] = psutil.Process(guard._process.pid).children()
    return child


def ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_the_program_ends_with_its_guard(tmp_path: Path) -> None:
    log = tmp_path / "log"
    guard = Guard(MODULE, ["60", str(log), *SLEEPS], tmp_path)
    program = child_of(guard)
    assert wait_until(lambda: log.read_text() == "started\n", 10.0)
    assert guard.ask("state") == "running"
    guard.end()
    assert wait_until(lambda: ended(program), 10.0)


def test_the_program_ends_when_the_process_that_wanted_it_is_killed(tmp_path: Path) -> None:
    code = f"""
import time
from pathlib import Path
from harness.machine.guard import Guard
guard = Guard({MODULE!r}, ["60", "log", *{SLEEPS!r}], Path("."))
print(guard._process.pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        guard = psutil.Process(int(parent.stdout.readline()))
        [program] = guard.children()
        parent.kill()
        parent.wait()
    assert wait_until(lambda: ended(guard) and ended(program), 10.0)


def test_the_program_ends_after_its_time(tmp_path: Path) -> None:
    guard = Guard(MODULE, ["0.5", str(tmp_path / "log"), *SLEEPS], tmp_path)
    program = child_of(guard)
    assert wait_until(lambda: ended(program), 10.0)
    guard.end()


@pytest.mark.parametrize("status", [0, 3])
def test_the_answer_is_how_it_ended(tmp_path: Path, status: int) -> None:
    guard = Guard(MODULE, ["60", str(tmp_path / "log"), "/bin/bash", "-c", f"exit {status}"], tmp_path)
    assert wait_until(lambda: guard.ask("state") == str(status), 10.0)
    guard.end()
