"""Runs a program, and ends whatever it leaves running: `supervise.py PROGRAM ARGUMENT…`; exits as the program does.

A stand-alone script. Children of the program whose parents have ended become children of this process, also those that
made a session of their own (PR_SET_CHILD_SUBREAPER in prctl(2)), so that none of them is lost.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress

PR_SET_CHILD_SUBREAPER = 36
NOT_STARTED = 127
"""Exit status of a program that cannot be started, as of a shell."""


def run(argv: list[str]) -> int:
    """Run a program and return its exit status, 128 + the number for a signal."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
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
    status = run(sys.argv[1:])
    end_children()
    sys.exit(status)
