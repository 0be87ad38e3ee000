"""Write a pod's log: JSON lines on stdout, in batches, at most 50 ms after the first line of a batch."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time

FLUSH_AFTER_S = 0.05


class Log:
    """One JSON line per call: `log.warning("queue full", status=503)` has `time`, `level`, `msg` and `status`."""

    def __init__(self, fd: int = 1) -> None:
        self._fd = fd
        self._lines: list[str] = []
        self._second, self._second_text = 0, ""

    def info(self, msg: str, **fields: object) -> None:
        self._add("info", msg, fields)

    def warning(self, msg: str, **fields: object) -> None:
        self._add("warning", msg, fields)

    def error(self, msg: str, **fields: object) -> None:
        self._add("error", msg, fields)

    def flush(self) -> None:
        """Write the buffered lines now. Raises OSError when the reader is gone."""
        rest = "".join(self._lines).encode()
        self._lines.clear()
        while rest:
            rest = rest[os.write(self._fd, rest) :]

    def _add(self, level: str, msg: str, fields: dict[str, object]) -> None:
        line = {"time": self._now(), "level": level, "msg": msg, **fields}
        self._lines.append(json.dumps(line, default=str) + "\n")
        if len(self._lines) == 1:
            self._flush_soon()

    def _flush_soon(self) -> None:
        try:
            asyncio.get_running_loop().call_later(FLUSH_AFTER_S, self.flush)
        except RuntimeError:  # no event loop is running
            self.flush()

    def _now(self) -> str:
        now = time.time()
        if int(now) != self._second:
            self._second = int(now)
            self._second_text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        return f"{self._second_text}.{int(now % 1 * 1000):03d}Z"


class LibraryLines(logging.Handler):
    """Logging handler that writes the records of libraries (uvicorn, websockets, asyncio) to the pod's log."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, object] = {"logger": record.name}
        if record.exc_info and record.exc_info[1]:
            fields["error"] = repr(record.exc_info[1])
            fields["trace"] = logging.Formatter().formatException(record.exc_info)
        self._log.error(record.getMessage(), **fields)
