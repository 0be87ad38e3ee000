"""Records the processes that a platform starts, and ends exactly those.

A process group is identified by its leader's pid and start time: a recycled pid has another start time and is not
signalled. A group whose leader has ended is ours when a member has the platform's folder in the variable `GAMEDAY_DIR`.
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

from harness.machine.waiting import wait_until

MARK = "GAMEDAY_DIR"
"""Environment variable of every process of a platform: the platform's folder."""
LEDGER = "processes.jsonl"
KILLED_S = 5.0
"""Time limit for the end of a killed process."""
CLOCK_TOLERANCE_S = 1.0
"""psutil computes start times from the boot time, which changes when the clock is corrected."""


@dataclass(frozen=True)
class Group:
    """A process group that a platform started; `pid` is its leader's, `start_time` in epoch seconds."""

    pid: int
    start_time: float
    what: str

    @property
    def place(self) -> str:
        """The group as `PID:START_TIME`, as guards take it."""
        return f"{self.pid}:{self.start_time!r}"

    @classmethod
    def at(cls, place: str) -> Group:
        """The group of a `place`."""
        pid, start = place.split(":")
        return cls(int(pid), float(start), "pod")

    def leader_lives(self) -> bool:
        """Whether the process that was started still runs."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.start_time) <= CLOCK_TOLERANCE_S
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group if its leader is still the process that was started."""
        if self.leader_lives():
            with suppress(ProcessLookupError):
                try:
                    os.killpg(self.pid, number)
                except ProcessLookupError:  # just forked: it does not lead a group yet
                    os.kill(self.pid, number)


class Ledger:
    """The file `processes.jsonl`: one line before each start and one after it, each on disk (fsync) on return."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = (folder / LEDGER).open("a", encoding="utf-8")

    def intend(self, what: str) -> None:
        """Record that a process is about to be started; `what` describes it."""
        self._write({"what": what})

    def started(self, pid: int, what: str) -> Group:
        """Record a started process that leads a group; one that has already ended gets the start time 0."""
        try:
            start_time = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            start_time = 0.0
        group = Group(pid, start_time, what)
        self._write({**asdict(group), "pgid": pid})
        return group

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, entry: dict[str, int | float | str]) -> None:
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def recorded(folder: Path) -> list[Group]:
    """The groups in a platform's ledger. A line cut off by a crash is ignored: its process was not started yet."""
    groups = []
    with suppress(FileNotFoundError):
        for line in (folder / LEDGER).read_text(encoding="utf-8").splitlines():
            with suppress(json.JSONDecodeError):
                entry = json.loads(line)
                if "pid" in entry:
                    groups.append(Group(entry["pid"], entry["start_time"], entry["what"]))
    return groups


def living(groups: Iterable[Group], folder: Path) -> Iterator[tuple[Group, list[psutil.Process]]]:
    """The groups that still have running processes, each with these."""
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
    return _mark(process) == str(folder)


def _mark(process: psutil.Process) -> str:
    """The platform's folder in the environment of a process; "" without one."""
    try:
        return process.environ().get(MARK, "")
    except psutil.Error:
        return ""


def end(groups: Iterable[Group], folder: Path, *, grace_s: float = 0.0) -> list[Group]:
    """Send SIGTERM, wait `grace_s`, send SIGKILL, wait for the end; returns the groups that were still running.

    One that this user may not end, or that does not end within KILLED_S, is still `living` afterwards.
    """
    found = list(living(groups, folder))
    everyone = [member for _, members in found for member in members]
    if grace_s:
        _send(everyone, signal.SIGTERM)
        everyone = _await_end(everyone, grace_s)
    _send(everyone, signal.SIGKILL)
    _await_end(everyone, KILLED_S)
    return [group for group, _ in found]


def _await_end(processes: list[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """The processes that still run after `timeout_s`. A zombie counts as ended: nothing may reap it in a container."""
    wait_until(lambda: not any(map(_lives, processes)), timeout_s, poll_s=0.01)
    return [one for one in processes if _lives(one)]


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _send(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """psutil compares start times before it sends a signal, so a recycled pid is safe."""
    for process in processes:
        with suppress(psutil.Error):  # it has ended, or is another user's
            process.send_signal(number)


def platforms(folder: Path) -> list[Path]:
    """The folders of platforms in `folder`: those with a ledger, and those of running processes.

    A daemon that is still starting has no ledger yet.
    """
    marks = {_mark(process) for process in psutil.process_iter()}
    places = {ledger.parent for ledger in folder.rglob(LEDGER)}
    return sorted(places | {Path(mark) for mark in marks if Path(mark).is_relative_to(folder.resolve())})


def left(folder: Path) -> list[str]:
    """What still runs of the platforms in `folder`."""
    places = ((place, recorded(place) + _unrecorded(place)) for place in platforms(folder))
    return [f"{group.what} (pid {group.pid})" for place, groups in places for group, _ in living(groups, place)]


def _unrecorded(folder: Path) -> list[Group]:
    """Groups of running processes of a platform that are not in its ledger; never that of this process."""
    known = {group.pid for group in recorded(folder)} | {os.getpgrp()}
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if _marked(process, folder) and (pgid := os.getpgid(process.pid)) not in known:
                found[pgid] = Group(pgid, process.create_time(), process.name())
    return list(found.values())


def recover(folder: Path) -> list[str]:
    """End the processes that a platform left in `folder`, its daemon first; returns what was ended. Idempotent."""
    folder = folder.resolve()
    groups = recorded(folder) + _unrecorded(folder)
    daemons = [group for group in groups if group.what == "daemon"]
    ended = end(daemons, folder, grace_s=3.0)
    deadline = time.monotonic() + KILLED_S
    while (more := end(groups, folder)) and time.monotonic() < deadline:
        ended += more  # what a dying fork server had just forked is found by the second pass
    remaining = {group for group, _ in living(groups, folder)}
    runtime = folder / "runtime"
    if runtime.is_symlink():
        shutil.rmtree(runtime.readlink(), ignore_errors=True)
        runtime.unlink()
    return [f"{group.what} (pid {group.pid})" for group in dict.fromkeys(ended) if group not in remaining]
