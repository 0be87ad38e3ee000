"""Starts a guard and asks it: a process that holds a fault, recorded in a platform's ledger before it does any harm."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import MappingProxyType

from harness.errors import PlatformError
from harness.machine.guards.serving import READY
from harness.machine.process_ledger import MARK, Ledger

ANSWER_S = 10.0
END_S = 5.0
NOTHING: Mapping[str, str] = MappingProxyType({})


class Guard:
    """A running guard. It ends with its own maximum duration, with this process, or by `end`; thread-safe."""

    def __init__(
        self, module: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str] = NOTHING
    ) -> None:
        """Start the guard `module`, recorded in the ledger in `folder`. Raises PlatformError when it does not start."""
        self._name = f"guard {module.rpartition('.')[2]}"
        self._lock = threading.Lock()
        with closing(Ledger(folder)) as ledger:
            ledger.intend(self._name)
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                env={"PATH": os.environ.get("PATH", os.defpath), **environment, MARK: str(folder)},
                start_new_session=True,
            )  # fmt: skip
            ledger.started(self._process.pid, self._name)
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True, name=self._name).start()
        if self._answer() != READY:
            self.end()
            raise PlatformError(f"the {self._name} did not start")

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._answers.put(line.strip())
        self._answers.put("")

    def _answer(self) -> str:
        try:
            return self._answers.get(timeout=ANSWER_S)
        except queue.Empty:
            return ""

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def ask(self, line: str) -> str:
        """Send a line; returns the answer. Raises PlatformError when the guard has ended."""
        with self._lock:
            try:
                assert self._process.stdin is not None
                self._process.stdin.write(f"{line}\n")
                self._process.stdin.flush()
                found = self._answer()
            except (OSError, ValueError):  # its end is closed, or ours
                found = ""
        if not found:
            raise PlatformError(f"the {self._name} has ended")
        return found

    def end(self) -> None:
        """End it and wait until it has undone what it holds. Idempotent. Raises PlatformError when it does not end."""
        with self._lock:
            assert self._process.stdin is not None
            with suppress(BrokenPipeError):  # it has ended by itself before it read all that it was sent
                self._process.stdin.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            raise PlatformError(f"the {self._name} (pid {self._process.pid}) does not end; `gameday recover`") from None
