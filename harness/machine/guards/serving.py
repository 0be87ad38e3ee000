"""The loop of a guard: answers lines until its time is over, or the process that started it has ended."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress

READY = "ready"
POLL_S = 0.2


def serve(seconds: float, answer: Callable[[str], str], watch: Callable[[], None] = lambda: None) -> None:
    """Print READY, then the answer to each line of stdin; `watch` is called every POLL_S.

    Returns after `seconds` and at the end of stdin (the harness has ended). Raises SystemExit on SIGTERM.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _print(READY)
    deadline_s, rest = time.monotonic() + seconds, b""
    while (left_s := deadline_s - time.monotonic()) > 0:
        watch()
        if not select.select([0], [], [], min(left_s, POLL_S))[0]:
            continue
        if not (data := os.read(0, 4096)):
            return
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            _print(answer(line.decode()))


def _print(line: str) -> None:
    with suppress(BrokenPipeError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
