"""Write JSON lines to a file descriptor without blocking the load, however slowly it is read."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Mapping

BUFFER_BYTES = 4 << 20


class StreamError(Exception):
    """The reader is gone, or too slow for the buffer."""


class Stream:
    """Writes to `fd`; None drops every line."""

    def __init__(self, fd: int | None, buffer_bytes: int = BUFFER_BYTES) -> None:
        self._fd = fd
        self._waiting = bytearray()
        self._buffer_bytes = buffer_bytes
        if fd is not None:
            os.set_blocking(fd, False)

    def send(self, line: Mapping[str, object]) -> None:
        """Buffer a line and write as much as the pipe takes. Raises StreamError."""
        if self._fd is None:
            return
        self._waiting += json.dumps(line, separators=(",", ":")).encode() + b"\n"
        self._write(self._fd)
        if len(self._waiting) > self._buffer_bytes:
            raise StreamError(
                f"the reader of the load stream (fd {self._fd}) is {len(self._waiting)} bytes behind, "
                f"more than the {self._buffer_bytes} that are kept for it: read it while the load runs"
            )

    def finish(self, limit_s: float) -> None:
        """Write the rest of the buffer within `limit_s`. Raises StreamError."""
        deadline_s = time.monotonic() + limit_s
        while self._fd is not None and self._waiting:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0 or not select.select([], [self._fd], [], left_s)[1]:
                raise StreamError(f"the load stream (fd {self._fd}) was not read: {len(self._waiting)} bytes are lost")
            self._write(self._fd)

    def _write(self, fd: int) -> None:
        try:
            while self._waiting:
                del self._waiting[: os.write(fd, self._waiting)]
        except BlockingIOError:
            pass  # the pipe is full: the rest goes with the next line
        except OSError as error:
            raise StreamError(f"the load stream (fd {fd}) cannot be written: {error}") from error
