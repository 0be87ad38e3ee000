"""Output to a terminal or a log: lines that stay and, at a terminal, status lines at the bottom, one per drill."""

from __future__ import annotations

import io
import os
import re
import sys
from typing import TextIO

from harness.report.format import printable

_COLOURS = {"✓": "32", "✗": "31", "?": "33", "·": "2"}
_UP_AND_CLEAR = "\033[{}A\033[J"
_DIM = "\033[2m{}\033[0m"


def own_stderr() -> TextIO:
    """Standard error as a separate stream, so that a write which blocks does not lock `sys.stderr` until exit."""
    try:
        return open(os.dup(sys.stderr.fileno()), "w", encoding="utf-8", errors="replace")
    except (OSError, io.UnsupportedOperation):  # replaced by a stream without a descriptor
        return sys.stderr


class Screen:
    """Writes lines to a stream, cut to `columns`. Only a terminal gets colours and status lines."""

    def __init__(self, stream: TextIO, columns: int) -> None:
        self._stream, self._columns = stream, columns
        self.lively = stream.isatty()
        self._status: dict[str, str] = {}
        self._drawn = 0

    def print(self, line: str) -> None:
        """Write a line that stays."""
        self._erase()
        self._stream.write(self._coloured(self._cut(line)) + "\n")
        self._draw()

    def status(self, drill: str, line: str | None) -> None:
        """Replace the status line of a drill; None removes it. Has no effect without a terminal."""
        if line is None:
            self._status.pop(drill, None)
        else:
            self._status[drill] = line
        if self.lively:
            self._erase()
            self._draw()

    def _cut(self, line: str) -> str:
        line = printable(line)
        return line if len(line) <= self._columns else line[: self._columns - 1] + "…"

    def _coloured(self, line: str) -> str:
        if not self.lively:
            return line
        for mark, code in _COLOURS.items():
            line = re.sub(f" {re.escape(mark)} ", f" \033[{code}m{mark}\033[0m ", line, count=1)
        return line

    def _erase(self) -> None:
        if self._drawn:
            self._stream.write(_UP_AND_CLEAR.format(self._drawn))
            self._drawn = 0

    def _draw(self) -> None:
        if self.lively:
            for line in self._status.values():
                self._stream.write(_DIM.format(self._cut(line)) + "\n")
            self._drawn = len(self._status)
        self._stream.flush()
