"""Measures how long the processes of a run wait for a processor, from Linux' own accounts. Other systems: unknown.

A busy machine is no obstacle as long as these processes get a processor when they need one: what a process of lower
priority does with the rest delays none of them. So their own delay is measured, not the use of the processors.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from harness.machine.control_groups import ControlGroups, read_small
from harness.record.events import HostSampled

_PROC, _CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")
_SHIMS = (b"containerd-shim", b"conmon")
"""Names, of 15 letters at most, of the parents of containers; their command lines have the container's id."""
_Task = tuple[int, str]
"""Process id, and thread id as text."""
_Times = tuple[int, int]
"""Nanoseconds that a thread ran, and that it waited in a run queue, since its start."""


class CpuWaits:
    """Measures a process, all its descendants and the processes of containers, over the time between two samples."""

    def __init__(
        self,
        pid: int,
        containers: Callable[[], Collection[str]] = tuple,
        *,
        proc: Path = _PROC,
        cgroups: Path = _CGROUPS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin now. `containers` returns ids of containers, which count where this machine sees their processes.

        `clock` returns seconds.
        """
        self._pid, self._containers, self._proc, self._cgroups, self._clock = pid, containers, proc, cgroups, clock
        self._read()

    def _read(self) -> None:
        self._at_s = self._clock()
        own, contained = self._processes()
        self._tasks = dict(self._schedstats([*own, *contained]))
        groups = ControlGroups(self._proc, self._cgroups)
        self._limited = {pid: groups.throttled_us(pid) for pid in contained}
        self._throttled_us, self._pressure_us = groups.throttled_us(self._pid), self._pressure()

    def sample(self) -> HostSampled:
        """Return the times since the last sample, or since the beginning.

        A process that ended meanwhile is missing since the last sample. Reads one small file per process of this
        machine and one per thread of the run: about 3 ms of processor time per 100.
        """
        at_s, tasks, throttled_us, pressure_us = self._at_s, self._tasks, self._throttled_us, self._pressure_us
        limited = self._limited
        self._read()
        seconds = self._at_s - at_s
        times = {task: self._unlimited(limited, task, self._since(tasks, task, seconds)) for task in self._tasks}
        ran, waited = (sum(each[place] for each in times.values()) for place in (0, 1))
        others = [(waited, ran, pid) for (pid, _), (ran, waited) in times.items() if pid != self._pid]
        longest, its_own, slowest = max(others, default=(0, 0, 0))
        pressure = _growth(pressure_us, self._pressure_us)
        return HostSampled(
            seconds=round(seconds, 3),
            ran_s=round(ran / 1e9, 3) if self._tasks else None,
            waited_s=round(waited / 1e9, 3) if self._tasks else None,
            slowest=self._command(slowest),
            slowest_ran_s=round(its_own / 1e9, 3),
            slowest_waited_s=round(longest / 1e9, 3),
            throttled_s=_growth(throttled_us, self._throttled_us),
            pressure_share=round(min(1.0, pressure / seconds), 3) if pressure is not None and seconds > 0 else None,
        )

    def _since(self, before: dict[_Task, _Times], task: _Task, seconds: float) -> _Times:
        """The times of one thread since the last sample. Smaller ones than before are those of a new thread.

        A thread without earlier times that add up to more than the sample is older than it, and counts from now on.
        """
        now, then = self._tasks[task], before.get(task)
        if then is not None and now[0] >= then[0] and now[1] >= then[1]:
            return now[0] - then[0], now[1] - then[1]
        return now if sum(now) <= seconds * 1e9 else (0, 0)

    def _unlimited(self, before: dict[int, int | None], task: _Task, times: _Times) -> _Times:
        """The times without the waiting that a container's own CPU limit may have caused, which a drill tests.

        The scheduler counts it as waiting for a processor. Where the limit's account cannot be read, all of it may be.
        """
        if task[0] not in self._limited:
            return times
        growth = _growth(before.get(task[0]), self._limited[task[0]])
        return times[0], max(0, times[1] - round(growth * 1e9)) if growth is not None else 0

    def _command(self, pid: int) -> str:
        """The beginning of a command line; "" if the process has ended."""
        with suppress(OSError):
            return read_small(f"{self._proc}/{pid}/cmdline").replace(b"\0", b" ").decode(errors="replace").strip()[:60]
        return ""

    def _schedstats(self, pids: Collection[int]) -> Iterator[tuple[_Task, _Times]]:
        """`/proc/PID/schedstat` has the times of the first thread only, so that of each thread is read."""
        for pid in pids:
            with suppress(OSError, ValueError):
                folder = f"{self._proc}/{pid}/task"
                for thread in os.listdir(folder):
                    ran, waited, *_ = read_small(f"{folder}/{thread}/schedstat").split()
                    yield (pid, thread), (int(ran), int(waited))

    def _processes(self) -> tuple[list[int], list[int]]:
        """The process and its descendants, and the processes of the containers."""
        children: dict[int, list[int]] = {}
        shims = []
        for name in filter(str.isdigit, os.listdir(self._proc)) if self._proc.is_dir() else ():
            with suppress(OSError, IndexError, ValueError):
                before, _, after = read_small(f"{self._proc}/{name}/stat").rpartition(b")")
                children.setdefault(int(after.split(maxsplit=2)[1]), []).append(int(name))
                if before.partition(b"(")[2] in _SHIMS:
                    shims.append(int(name))
        own = set(_tree(self._pid, children))
        inits = [child for shim in self._of_containers(shims) for child in children.get(shim, ())]
        contained = dict.fromkeys(pid for init in inits for pid in _tree(init, children))
        return list(own), [pid for pid in contained if pid not in own]

    def _of_containers(self, shims: Collection[int]) -> Iterator[int]:
        """Those shims that run one of the containers."""
        ids = {each.encode() for each in self._containers()} if shims else set()
        for shim in shims:
            with suppress(OSError):
                if not ids.isdisjoint(read_small(f"{self._proc}/{shim}/cmdline").split(b"\0")):
                    yield shim

    def _pressure(self) -> int | None:
        """Microseconds in which some process of this machine waited for a processor (pressure stall information)."""
        return _number(self._proc / "pressure" / "cpu", r"some .*\btotal=(\d+)")

    def quota_cores(self) -> float:
        """The CPU limit of the process's control groups in cores; inf: there is none.

        Those of the pods do not count: their limits are part of what a drill tests.
        """
        return ControlGroups(self._proc, self._cgroups).quota_cores(self._pid)


def _tree(root: int, children: Mapping[int, Sequence[int]]) -> Iterator[int]:
    """A process and its descendants."""
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children.get(pid, ())


def _number(file: Path, form: str) -> int | None:
    with suppress(OSError):
        found = re.search(form, file.read_text())
        return int(found[1]) if found else None
    return None


def _growth(before_us: int | None, after_us: int | None) -> float | None:
    """Seconds between two counts of microseconds; None where one is unknown."""
    return None if before_us is None or after_us is None else round(max(0, after_us - before_us) / 1e6, 3)
