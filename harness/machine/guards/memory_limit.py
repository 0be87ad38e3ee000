"""Guard of the fault `memory-limit`: `python -m harness.machine.guards.memory_limit SECONDS LIMIT_BYTES`.

`PID:START_TIME` adds a process with all that it has started: once they use more memory than the limit, they are all
killed, as the kernel does with a container of Kubernetes (`memory.oom.group`). The answer is how many it has killed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from harness.machine.guards.serving import serve
from harness.machine.process_ledger import Group

COUNTED = ("Pss_Anon:", "Pss_Shmem:")
"""Memory that the kernel cannot take back; pages that several processes share count once."""


class Limited:
    """Process groups that may use so much memory each."""

    def __init__(self, limit_bytes: float) -> None:
        self._limit_bytes = limit_bytes
        self._groups: dict[int, Group] = {}
        self._killed = 0

    def answer(self, line: str) -> str:
        """Add the group that the line names; returns how many were killed so far."""
        if line != "state":
            group = Group.at(line)
            self._groups[group.pid] = group
        return str(self._killed)

    def enforce(self) -> None:
        """Kill the groups that use more memory than they may."""
        for pid, group in tuple(self._groups.items()):
            family = _family(group)
            if not family:
                del self._groups[pid]
            elif sum(map(memory_bytes, family)) > self._limit_bytes:
                self._killed += 1
                del self._groups[pid]
                for process in family:
                    with suppress(psutil.Error):
                        process.kill()


def _family(group: Group) -> list[psutil.Process]:
    """The leader of a group that still runs, and everything that it has started."""
    with suppress(psutil.Error):
        if group.leader_lives():
            leader = psutil.Process(group.pid)
            return [leader, *leader.children(recursive=True)]
    return []


def memory_bytes(process: psutil.Process) -> int:
    """The memory of a process that the kernel cannot take back; 0 when it has ended."""
    with suppress(OSError):
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(COUNTED)) * 1024
    return 0


def main(argv: Sequence[str]) -> None:
    """Run the guard to its end."""
    seconds, limit_bytes = argv
    limited = Limited(float(limit_bytes))
    serve(float(seconds), limited.answer, limited.enforce)


if __name__ == "__main__":
    main(sys.argv[1:])
