"""A person at a terminal, for tests: a command in a pseudo-terminal, with lines that are typed when a text is shown."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.paths import COMMAND


class Keyboard:
    """`gameday` in a pseudo-terminal of its own."""

    def __init__(self, *words: str | Path, cwd: Path) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [str(COMMAND), *map(str, words)], cwd=cwd, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self.shown = ""
        self._from = 0

    def wait_for(self, pattern: str, limit_s: float) -> str:
        """Wait until text that matches is shown after what was waited for before; return it."""
        deadline_s = time.monotonic() + limit_s
        while (found := re.compile(pattern).search(self.shown, self._from)) is None:
            assert time.monotonic() < deadline_s, f"`{pattern}` was not shown:\n{self.shown}"
            assert self._read() or re.search(pattern, self.shown[self._from :]), f"ended early:\n{self.shown}"
        self._from = found.end()
        return found[0]

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self.master, f"{line}\n".encode())

    def interrupt(self) -> None:
        """Press Ctrl-C: the terminal's own process group gets SIGINT."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self, limit_s: float) -> int:
        """Read to the end; return the exit code."""
        deadline_s = time.monotonic() + limit_s
        while self._read():
            assert time.monotonic() < deadline_s, f"did not end:\n{self.shown}"
        return self.process.wait(limit_s)

    def _read(self) -> bool:
        """Read what is shown now; return whether the terminal is still in use."""
        if not select.select([self.master], [], [], 1.0)[0]:
            return True
        try:
            part = os.read(self.master, 65536)
        except OSError:  # Linux: the last user of the other end has ended
            return False
        self.shown += part.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(part)


@contextmanager
def at_keyboard(*words: str | Path, cwd: Path) -> Iterator[Keyboard]:
    """A `Keyboard` that never outlives the test."""
    one = Keyboard(*words, cwd=cwd)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(one.process.pid, signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                one.process.wait(60)
            one.process.kill()
            one.process.wait()
        os.close(one.master)
