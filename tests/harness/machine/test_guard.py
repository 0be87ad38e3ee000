"""Guards: what they hold is undone at their end, also when the process that started them is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from harness.errors import PlatformError
from harness.machine.guard import Guard
from harness.machine.process_ledger import Group, recorded
from tests.support.waiting import wait_until

STOP, MEMORY = "harness.machine.guards.stop", "harness.machine.guards.memory_limit"
HOLDER = """
import sys, time
from pathlib import Path
from harness.machine.guard import Guard
guard = Guard("harness.machine.guards.stop", ["60", sys.argv[2]], Path(sys.argv[1]))
print(guard.ask("stop"), flush=True)
time.sleep(60)
"""


@pytest.fixture
def family() -> Iterator[subprocess.Popen[bytes]]:
    """A process with a child in a session of its own."""
    with subprocess.Popen(["sh", "-c", "setsid sleep 60 & exec sleep 60"], start_new_session=True) as leader:
        try:
            wait_until(lambda: len(children(leader)) == 1 and "sleep" in psutil.Process(leader.pid).name())
            yield leader
        finally:
            for process in (*children(leader), psutil.Process(leader.pid)):
                with suppress(psutil.Error):
                    process.kill()


def children(leader: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(leader.pid).children(recursive=True)


def place(process: subprocess.Popen[bytes]) -> str:
    return Group(process.pid, psutil.Process(process.pid).create_time(), "").place


def stopped(leader: subprocess.Popen[bytes]) -> int:
    family = [psutil.Process(leader.pid), *children(leader)]
    return sum(process.status() == psutil.STATUS_STOPPED for process in family)


def test_stop_guard_stops_a_process_and_its_children_until_its_end(
    family: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    guard = Guard(STOP, ["60", place(family)], tmp_path)
    assert [group.what for group in recorded(tmp_path)] == ["guard stop"]
    assert stopped(family) == 0
    assert guard.ask("stop") == "2 of 2"
    assert (stopped(family), guard.ask("state")) == (2, "2 of 2")
    os.kill(family.pid, signal.SIGCONT)
    wait_until(lambda: guard.ask("state") == "1 of 2")
    guard.end()
    assert stopped(family) == 0
    guard.end()
    with pytest.raises(PlatformError, match="the guard stop has ended"):
        guard.ask("state")


def test_stop_guard_ends_after_its_maximum_duration(family: subprocess.Popen[bytes], tmp_path: Path) -> None:
    guard = Guard(STOP, ["0.5", place(family)], tmp_path)
    assert guard.ask("stop") == "2 of 2"
    wait_until(lambda: not guard.running)
    assert stopped(family) == 0
    guard.end()


def end_by_sigterm(holder: subprocess.Popen[str], guard: Group) -> None:
    guard.signal(signal.SIGTERM)


def end_by_killing_the_holder(holder: subprocess.Popen[str], guard: Group) -> None:
    holder.kill()


@pytest.mark.parametrize("end", [end_by_sigterm, end_by_killing_the_holder])
def test_processes_go_on_when_the_guard_is_ended_or_its_holder_killed(
    family: subprocess.Popen[bytes], tmp_path: Path, end: Callable[[subprocess.Popen[str], Group], None]
) -> None:
    argv = [sys.executable, "-c", HOLDER, str(tmp_path), place(family)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        try:
            assert holder.stdout.readline() == "2 of 2\n"
            (guard,) = recorded(tmp_path)
            assert stopped(family) == 2
            end(holder, guard)
            wait_until(lambda: stopped(family) == 0)
            wait_until(lambda: not guard.leader_lives())
        finally:
            holder.kill()


def test_stop_guard_leaves_a_process_alone_that_has_another_start_time(
    family: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    guard = Guard(STOP, ["60", f"{family.pid}:1.0"], tmp_path)
    assert guard.ask("stop") == "0 of 0"
    assert stopped(family) == 0
    guard.end()


def test_memory_guard_kills_what_uses_more_than_the_limit(tmp_path: Path) -> None:
    def use(megabytes: int) -> subprocess.Popen[bytes]:
        text = f"import time; x = b'x' * {megabytes}_000_000; time.sleep(60)"
        return subprocess.Popen([sys.executable, "-ISc", text], start_new_session=True)

    guard = Guard(MEMORY, ["60", "60000000"], tmp_path)
    with use(10) as small, use(100) as large:
        try:
            for process in (small, large):
                assert guard.ask(place(process)) in ("0", "1")
            wait_until(lambda: large.poll() == -signal.SIGKILL)
            assert guard.ask("state") == "1"
            assert small.poll() is None
        finally:
            small.kill()
            large.kill()
    guard.end()


def test_guard_that_does_not_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="the guard nosuch did not start"):
        Guard("harness.machine.guards.nosuch", [], tmp_path)
