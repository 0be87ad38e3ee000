"""Runs a scenario in a worker process of its own group, which sends its counts through a pipe."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from harness.clock import OFFSET_S
from harness.errors import PlatformError
from harness.load.base import OnMessage
from harness.machine.platform_state import AdminPort

START_LIMIT_S = 30.0
STOP_LIMIT_S = 2.0
FAST_WORKER, LOCUST = "scenarios.worker", "scenarios.locusts.plain"
"""Modules that run a scenario of this project, and a plain locustfile."""


class WorkerLoad:
    """Implements base.Load by one worker process, whose environment contains nothing but `settings` and our own."""

    def __init__(
        self,
        scenario: Path,
        settings: Mapping[str, str],
        log: Path,
        runner: str = FAST_WORKER,
        arguments: Sequence[str] = (),
        token: str | None = None,
    ) -> None:
        """`arguments` follow the scenario; `token` is that of the admin port (None: a random one)."""
        self._scenario, self._settings, self._log, self._runner = scenario, dict(settings), log, runner
        self._arguments, self._token = arguments, token or secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._admin_url = ""
        self._hello = threading.Event()
        self._stopping = False

    @property
    def pid(self) -> int:
        """Process and group id; 0 before the start."""
        return self._process.pid if self._process else 0

    def start(self, on_message: OnMessage, on_death: Callable[[str], None]) -> None:
        """Start the worker and wait for its first message."""
        read_fd, write_fd = os.pipe()
        self._process = self._launch(write_fd)
        os.close(write_fd)
        self._reader = threading.Thread(
            target=self._read, args=(read_fd, on_message, on_death), daemon=True, name="load"
        )
        self._reader.start()
        if not self._hello.wait(START_LIMIT_S) or not self._admin_url:
            self.stop()
            raise PlatformError(
                f"scenario {self._scenario.name} did not start: {self._last_line()}; its log is {self._log}"
            )

    def _launch(self, write_fd: int) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", self._runner, str(self._scenario), *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(write_fd,),
                start_new_session=True,
                env=self._environment(write_fd),
                cwd=self._log.parent,
            )

    def _environment(self, write_fd: int) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "HOME": str(self._log.parent),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "GAMEDAY_STREAM_FD": str(write_fd),
            "GAMEDAY_ADMIN_PORT": "0",
            "GAMEDAY_ADMIN_TOKEN": self._token,
            "GAMEDAY_EPOCH_OFFSET_S": repr(OFFSET_S),
            **self._settings,
        }

    def _read(self, read_fd: int, on_message: OnMessage, on_death: Callable[[str], None]) -> None:
        completed = False
        with os.fdopen(read_fd, encoding="utf-8") as stream:
            for line in stream:
                message = json.loads(line)
                completed = completed or message["ev"] == "bye"
                if message["ev"] == "hello":
                    self._admin_url = message["admin"]
                on_message(message)  # the process is in the record before `start` returns
                if message["ev"] == "hello":
                    self._hello.set()
        self._hello.set()
        if not self._stopping:
            on_death("the load ended early" if completed else f"the load generator died: {self._last_line()}")

    def _last_line(self) -> str:
        lines = self._log.read_text(errors="replace").strip().split("\n") if self._log.exists() else []
        return lines[-1] if lines and lines[-1] else "it printed nothing"

    def admin(self) -> AdminPort:
        """The scenario's admin port, known after its first message."""
        return AdminPort("load", self._admin_url, self._token)

    def stop(self) -> None:
        """Send SIGTERM to the group, read the last counts, then send SIGKILL. Idempotent."""
        self._stopping = True
        if not self._process:
            return
        self._signal(signal.SIGTERM)
        try:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_LIMIT_S)
        finally:
            self._signal(signal.SIGKILL)
            self._process.wait()
        if self._reader and self._reader is not threading.current_thread():
            self._reader.join(timeout=STOP_LIMIT_S)

    def _signal(self, number: signal.Signals) -> None:
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
