"""Ends what commands of pods leave behind outside of their process groups, such as a server that daemonizes itself.

The daemon of a platform adopts the processes whose parents have ended, as the first process of a container does.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress

import psutil

PR_SET_CHILD_SUBREAPER = 36
KILLED_S = 5.0


def adopt() -> None:
    """Make this process the parent of every descendant whose own parent ends (prctl(2), Linux 3.4)."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_descendants() -> None:
    """Kill every descendant of this process that still runs, and wait for their end. Blocks."""
    found = list(filter(_runs, psutil.Process().children(recursive=True)))
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(found, KILLED_S)


def _runs(process: psutil.Process) -> bool:
    """Whether this is no zombie: the one that started it reads its status."""
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False
