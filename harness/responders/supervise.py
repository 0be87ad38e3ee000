"""Runs a program, and ends whatever it leaves running: `supervise.py PARENT PROGRAM ARGUMENT…`; exits as it does.

A stand-alone script. Children of the program whose parents have ended become children of this process, also those that
made a session of their own (PR_SET_CHILD_SUBREAPER in prctl(2)), so that none of them is lost. It ends with the thread
that has started it (PR_SET_PDEATHSIG), also when gameday is killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from types import FrameType

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
NOT_STARTED = 127
"""Exit status of a program that cannot be started, as of a shell."""


def prepare(parent: int) -> None:
    """Become the parent of orphans, and end by SIGTERM, which also comes when the process `parent` ends."""

    def end(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it has ended before
        sys.exit(128 + signal.SIGTERM)


def run(argv: list[str]) -> int:
    """Run a program and return its exit status, 128 + the number for a signal."""
    program = os.fork()
    if program == 0:
        try:
            os.execv(argv[0], argv)  # noqa: S606  the user's own command, without a shell
        except OSError as error:
            sys.stderr.write(f"{argv[0]}: {error.strerror}\n")
            sys.stderr.flush()
            os._exit(NOT_STARTED)
    while True:
        ended, status = os.wait()
        if ended == program:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def end_children() -> None:
    """Kill every child until none is left: those of a child that was killed become children of this process."""
    while True:
        with suppress(OSError), open(f"/proc/self/task/{os.getpid()}/children") as listed:
            for pid in listed.read().split():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.005)


if __name__ == "__main__":
    try:
        prepare(int(sys.argv[1]))
        status = run(sys.argv[2:])
    finally:
        end_children()
    sys.exit(status)
