"""Places for the drills of one user that run at a time, as locked files.

The locks are those of `fcntl.lockf`, which belong to the process: a daemon that a drill leaves running for a moment has
inherited none of them. A lock of `flock` would stay as long as any process has the file open.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from harness.errors import Interrupted

CHECK_S = 0.2


@contextmanager
def one_of(count: int, folder: Path, stop: threading.Event) -> Iterator[int]:
    """Wait for one of `count` places in `folder` and hold it during the block; gives its number, from 0.

    The end of the process frees its place. Raises Interrupted when `stop` is set before a place is free, and OSError
    when the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    while not stop.is_set():
        for number in range(count):
            with (folder / f"drill-{number}.lock").open("a") as file:
                if _locked(file):
                    yield number
                    return
        stop.wait(CHECK_S)
    raise Interrupted("interrupted while other drills had all places; no drill has run")


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
