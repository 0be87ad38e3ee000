"""Which processes a platform started, on disk before anything can go wrong, and how to end exactly those.

A process group is known by its leader's pid and start time: a recycled pid has another start time and is left alone.
A group whose leader is gone is ours when a member still carries the platform's directory in `GAMEDAY_DIR`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

MARK = "GAMEDAY_DIR"
LEDGER = "processes.jsonl"
KILLED_S = 5.0
"""How long the kernel may take to end a killed process."""
CLOCK_TOLERANCE_S = 1.0
"""psutil derives start times from the boot time, which the kernel corrects with the clock."""


@dataclass(frozen=True)
class Group:
    """One process group that the platform started; `pid` is its leader's."""

    pid: int
    start_time: float
    what: str

    def leader_lives(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.start_time) <= CLOCK_TOLERANCE_S
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def signal(self, number: signal.Signals) -> None:
        """To the whole group, if its leader is still the process that was started."""
        if self.leader_lives():
            with suppress(ProcessLookupError):
                try:
                    os.killpg(self.pid, number)
                except ProcessLookupError:  # just forked: it does not lead its group yet
                    os.kill(self.pid, number)


class Ledger:
    """`DIR/processes.jsonl`: a line before each start and one after it, each on disk before the call returns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = (folder / LEDGER).open("a", encoding="utf-8")

    def intend(self, what: str) -> None:
        self._write({"what": what})

    def started(self, pid: int, what: str) -> Group:
        """Record a process that leads a group of its own; one that has ended already gets the start time 0."""
        try:
            start_time = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            start_time = 0.0
        group = Group(pid, start_time, what)
        self._write({**asdict(group), "pgid": pid})
        return group

    def _write(self, entry: dict[str, int | float | str]) -> None:
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def recorded(folder: Path) -> list[Group]:
    """What the ledger of a platform names; a line cut short by a crash is the last one and was never acted on."""
    groups = []
    with suppress(FileNotFoundError):
        for line in (folder / LEDGER).read_text(encoding="utf-8").splitlines():
            with suppress(json.JSONDecodeError):
                entry = json.loads(line)
                if "pid" in entry:
                    groups.append(Group(entry["pid"], entry["start_time"], entry["what"]))
    return groups


def living(groups: Iterable[Group], folder: Path) -> Iterator[tuple[Group, list[psutil.Process]]]:
    """The recorded groups that still have members, with these."""
    by_pgid: dict[int, list[psutil.Process]] = {}
    for process in psutil.process_iter():
        with suppress(ProcessLookupError):
            if _lives(process):
                by_pgid.setdefault(os.getpgid(process.pid), []).append(process)
    for group in groups:
        members = by_pgid.get(group.pid, [])
        if members and (group.leader_lives() or any(_marked(member, folder) for member in members)):
            yield group, members


def _marked(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.environ().get(MARK) == str(folder)
    except psutil.Error:
        return False


def end(groups: Iterable[Group], folder: Path, *, grace_s: float = 0.0) -> list[Group]:
    """SIGTERM, `grace_s` to obey, SIGKILL; waits until nothing is left. Returns what had to be ended."""
    found = list(living(groups, folder))
    everyone = [member for _, members in found for member in members]
    if grace_s:
        _send(everyone, signal.SIGTERM)
        everyone = _await_end(everyone, grace_s)
    _send(everyone, signal.SIGKILL)
    _await_end(everyone, KILLED_S)
    return [group for group, _ in found]


def _await_end(processes: list[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Those that are left after `timeout_s`. A zombie is gone: the first process of a container may never reap."""
    deadline = time.monotonic() + timeout_s
    while (processes := [one for one in processes if _lives(one)]) and time.monotonic() < deadline:
        time.sleep(0.01)
    return processes


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _send(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """psutil compares start times before it signals: a recycled pid is safe."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def recover(folder: Path) -> list[str]:
    """End what a platform left in `folder` (its daemon first, if that still lives); says what was ended. Idempotent."""
    folder = folder.resolve()
    groups = recorded(folder)
    daemons = [group for group in groups if group.what == "daemon"]
    ended = end(daemons, folder, grace_s=3.0)
    deadline = time.monotonic() + 5.0
    while (left := end(groups, folder)) and time.monotonic() < deadline:
        ended += left  # what a dying fork server had just forked shows up on the second look
    runtime = folder / "runtime"
    if runtime.is_symlink():
        shutil.rmtree(runtime.readlink(), ignore_errors=True)
        runtime.unlink()
    return [f"{group.what} (pid {group.pid})" for group in ended]
