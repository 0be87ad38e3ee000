"""Waits for the end of one command; ends it at its limits, and ends producers that never end by themselves."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import threading
import time
from pathlib import Path

import psutil

from harness.bash.script import Script
from harness.errors import Interrupted
from harness.policy import classify
from harness.steps.bash_process import BashProcess

_POLL_S = 0.02
_PRODUCERS_POLL_S = 0.1
_FIRST_OUTPUT_S = 10.0
"""How long a producer may take to print anything at all: on a busy machine a full log must not look empty."""
_INTERRUPT_S = 1.0
"""How long a producer may take to end after SIGINT before it is killed."""


class CommandWatch:
    """Executes one command in a bash and watches it."""

    def __init__(
        self, bash: BashProcess, script: Script, files: tuple[Path, Path], limit_bytes: int, follow_s: float
    ) -> None:
        self.statuses: tuple[int, ...] | None = None
        """`$?` and PIPESTATUS; None if the command did not end by itself."""
        self.left: int | None = None
        """The exit status of bash, if the command ended it."""
        self.ended = self.timed_out = self.overflowed = False
        self._bash, self._script, self._files, self._limit = bash, script, files, limit_bytes
        self._follow_s = follow_s
        self._endless = classify.endless(script)
        self._interrupted_at: dict[int, float] = {}
        self._next_producers_poll = time.monotonic() + follow_s
        bash.execute(script.text, *files)

    def wait(self, deadline: float, stop: threading.Event) -> None:
        """Wait for the end, the deadline (monotonic time) or the output limit. Raises Interrupted on `stop`."""
        received = b""
        while not received.endswith(b"\n"):
            if stop.is_set():
                raise Interrupted(f"interrupted: the command of line {self._script.line} was killed while it ran")
            if select.select([self._bash.status_fd], [], [], _POLL_S)[0]:
                part = os.read(self._bash.status_fd, 4096)
                if not part:
                    self.left = self._bash.process.wait()
                    return
                received += part
            elif self._limit_reached(deadline):
                return
        self.statuses = tuple(int(status) for status in received.split())

    def _limit_reached(self, deadline: float) -> bool:
        now = time.monotonic()
        self.timed_out = now >= deadline
        self.overflowed = size(*self._files) >= self._limit
        if self._endless and now >= self._next_producers_poll:
            self._next_producers_poll = now + _PRODUCERS_POLL_S
            self._end_producers(now)
        return self.timed_out or self.overflowed

    def _end_producers(self, now: float) -> None:
        """End each producer that never ends by itself, and nothing else: a grep behind it then reads end of file and
        prints what it has buffered."""
        for process in self._bash.descendants():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if self._is_due(process):
                    first = self._interrupted_at.setdefault(process.pid, now)
                    process.send_signal(signal.SIGINT if now - first < _INTERRUPT_S else signal.SIGKILL)
                    self.ended = True

    def _is_due(self, process: psutil.Process) -> bool:
        age_s = time.time() - process.create_time()
        if not _is_endless(process.cmdline()) or age_s < self._follow_s:
            return False
        return age_s >= _FIRST_OUTPUT_S or process.io_counters().write_chars > 0


def _is_endless(cmdline: list[str]) -> bool:
    """Whether a process never ends by itself. The command line of a script begins with its interpreter, perhaps with
    options, and the script's name."""
    if classify.is_endless(cmdline):
        return True
    script = bool(cmdline) and re.match(r"(python|(ba|da|a)?sh$)", Path(cmdline[0]).name)
    tails = (cmdline[place:] for place in range(1, min(6, len(cmdline)))) if script else ()
    return any(classify.is_endless(tail) or classify.is_endless(["kubectl", *tail]) for tail in tails)


def size(*files: Path) -> int:
    """Return the size of the largest file in bytes."""
    return max(file.stat().st_size if file.exists() else 0 for file in files)
