"""A pipe that is full and that nothing reads, as the standard error of `gameday run | less` is."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

PIPE_BYTES = 4096


class FullPipe:
    """A pipe with `free_bytes` left before a write to `stream` blocks."""

    def __init__(self, free_bytes: int) -> None:
        self._read_fd, write_fd = os.pipe()
        fcntl.fcntl(write_fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        os.write(write_fd, b"x" * (PIPE_BYTES - free_bytes))
        self.stream: TextIO = os.fdopen(write_fd, "w")
        self._reader = threading.Thread(target=self._read, daemon=True)

    def drain(self) -> None:
        """From now on the pipe is read, until every writer has closed it. Idempotent."""
        if not self._reader.is_alive():
            self._reader.start()

    def _read(self) -> None:
        while os.read(self._read_fd, PIPE_BYTES):
            pass

    def close(self) -> None:
        """Read what is left, and close both ends."""
        self.drain()
        self.stream.close()
        self._reader.join(10)
        os.close(self._read_fd)


@contextmanager
def full_pipe(free_bytes: int = 0) -> Iterator[FullPipe]:
    """A full pipe that is read at the end, so that nothing stays blocked."""
    pipe = FullPipe(free_bytes)
    try:
        yield pipe
    finally:
        pipe.close()
