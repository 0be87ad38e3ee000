"""Guard of a program of the user's machine: `python -m harness.machine.guards.program SECONDS LOG PROGRAM ARGUMENTS…`.

It runs the program in its own process group, with what it writes in LOG, and ends it at its own end: when its time is
over, and when the process that started the guard has ended. The answer to any line is the program's exit status, or
`running`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.machine.guards.serving import serve

END_S = 3.0
"""Time for the program to end by SIGTERM."""


def main(argv: Sequence[str]) -> None:
    """Run the guard to its end."""
    seconds, log, *command = argv
    with Path(log).open("ab") as output:
        program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    try:
        serve(float(seconds), lambda line: "running" if program.poll() is None else str(program.returncode))
    finally:
        _end(program)


def _end(program: subprocess.Popen[bytes]) -> None:
    program.terminate()
    try:
        program.wait(END_S)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
