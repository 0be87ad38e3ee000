"""Reads the CPU limits of processes from their control groups, of version 2, or of version 1's controller `cpu`."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


class ControlGroups:
    """The control groups of this machine, at one moment: each file is read at most once.

    `proc`, `root`: where the two file systems are mounted.
    """

    def __init__(self, proc: Path, root: Path) -> None:
        self._proc, self._root = str(proc), str(root)
        self._throttled: dict[str, int | None] = {}

    def throttled_us(self, pid: int) -> int | None:
        """Microseconds for which a limit stopped the process's group, or one above it, since they were created.

        A group that is limited on several processors at once counts each of them. None: no account can be read.
        """
        found = [self._throttled_us(folder) for folder in self._of(pid)]
        return max((each for each in found if each is not None), default=None)

    def _throttled_us(self, folder: str) -> int | None:
        if folder not in self._throttled:
            stat = _text(f"{folder}/cpu.stat")
            self._throttled[folder] = None if stat is None else throttled_us(stat)
        return self._throttled[folder]

    def quota_cores(self, pid: int) -> float:
        """The smallest CPU limit of the process's groups and those above them, in cores; inf: there is none."""
        return min(map(_quota_cores, self._of(pid)), default=math.inf)

    def _of(self, pid: int) -> Iterator[str]:
        """The folders of the process's groups and of those above them; none where they cannot be read."""
        text = _text(f"{self._proc}/{pid}/cgroup") or ""
        for controllers, path in re.findall(r"^\d+:([^:\n]*):/(.*)$", text, re.MULTILINE):
            if not controllers or "cpu" in controllers.split(","):
                root = f"{self._root}/cpu" if controllers else self._root
                names = path.split("/") if path and ".." not in path else []
                yield from ("/".join([root, *names[:depth]]) for depth in range(len(names) + 1))


def throttled_us(stat: str) -> int:
    """From the text of a file `cpu.stat` of either version; without its line, the group is not limited."""
    if found := re.search(r"^throttled_usec (\d+)", stat, re.MULTILINE):
        return int(found[1])
    nanoseconds = re.search(r"^throttled_time (\d+)", stat, re.MULTILINE)
    return int(nanoseconds[1]) // 1000 if nanoseconds else 0


def _quota_cores(folder: str) -> float:
    """Version 2: `cpu.max` with `200000 100000` or `max 100000`; version 1: a file for each number, -1 for none."""
    version_1 = [(_text(f"{folder}/cpu.cfs_{name}_us") or "").strip() for name in ("quota", "period")]
    found = re.match(r"(\d+) (\d+)", _text(f"{folder}/cpu.max") or " ".join(version_1))
    return int(found[1]) / int(found[2]) if found else math.inf


def _text(file: str) -> str | None:
    with suppress(OSError):
        return read_small(file).decode(errors="replace")
    return None


def read_small(file: str) -> bytes:
    """The content of a small file. Of thousands in a sample, `Path.read_text` would take three times as long each."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)
