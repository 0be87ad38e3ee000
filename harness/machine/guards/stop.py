"""Guard of the fault `stop`: `python -m harness.machine.guards.stop SECONDS PID:START_TIME…`.

`stop` sends SIGSTOP to the processes and all that they have started; `state` counts how many are stopped. At its end
the guard sends SIGCONT to each.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress

import psutil

from harness.machine.guards.serving import serve
from harness.machine.process_ledger import Group
from harness.machine.waiting import wait_until

STOP_S = 2.0
"""A process stops when it would run next, so on a busy machine not at once."""
PASSES = 20
"""A process may start another one before it is stopped itself: look so often for new ones."""


class Stopped:
    """The processes of several groups, stopped together."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self._groups = groups
        self._held: list[psutil.Process] = []

    def answer(self, line: str) -> str:
        """The answer to `stop` or `state`."""
        if line == "stop":
            self._stop()
        return f"{sum(map(_stopped, self._held))} of {sum(map(_lives, self._held))}"

    def _stop(self) -> None:
        for _ in range(PASSES):
            new = [process for process in self._family() if process not in self._held]
            if not new:
                return
            for process in new:
                self._held.append(process)
                with suppress(psutil.Error):
                    process.suspend()
            wait_until(
                lambda: not any(_lives(process) and not _stopped(process) for process in self._held), STOP_S, 0.01
            )

    def _family(self) -> Iterator[psutil.Process]:
        for group in self._groups:
            if group.leader_lives():
                with suppress(psutil.Error):
                    leader = psutil.Process(group.pid)
                    yield from (leader, *leader.children(recursive=True))

    def resume(self) -> None:
        """Let all of them go on, those that were stopped last first."""
        for process in reversed(self._held):
            with suppress(psutil.Error):
                process.resume()


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _stopped(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() == psutil.STATUS_STOPPED
    return False


def main(argv: Sequence[str]) -> None:
    """Run the guard to its end."""
    seconds, *places = argv
    stopped = Stopped([Group.at(place) for place in places])
    try:
        serve(float(seconds), stopped.answer)
    finally:
        stopped.resume()


if __name__ == "__main__":
    main(sys.argv[1:])
