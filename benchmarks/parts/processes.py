"""Run processes in their own groups, measure their CPU and memory, and end all of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

ROOT = Path(__file__).resolve().parents[2]
POLL_S = 0.1
END_LIMIT_S = 3.0


class RunError(Exception):
    """A generator or server failed; the message has the end of its output."""


@dataclass(frozen=True)
class Usage:
    """CPU of a process and its descendants from start to end, and their largest sampled memory."""

    cpu_s: float
    peak_rss_bytes: int


class Child:
    """A process in its own group; as a context manager it kills the whole group at the end."""

    def __init__(
        self, command: Sequence[str], folder: Path, env: Mapping[str, str] | None = None, pass_fds: Sequence[int] = ()
    ) -> None:
        self.command, self.folder = command, folder
        self.log = folder / "log"
        self.peak_rss_bytes = 0
        inherited = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "PYTHONPATH": str(ROOT)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, env=inherited | dict(env or {}), pass_fds=pass_fds, start_new_session=True,
                stdin=subprocess.PIPE, stdout=log, stderr=log,
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        if self.process.returncode is None:
            self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()

    def wait(self, limit_s: float) -> Usage:
        """Wait for the end, sampling memory meanwhile. Raises RunError after the limit, and for a non-zero status."""
        deadline_s = time.monotonic() + limit_s
        while time.monotonic() < deadline_s:
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)  # only the kernel counts CPU until the end
            if pid:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                if self.process.returncode:
                    raise RunError(f"{self._name()} ended with status {self.process.returncode}: {self.output_end()}")
                return Usage(usage.ru_utime + usage.ru_stime, self.peak_rss_bytes)
            self.rss_bytes()
            time.sleep(POLL_S)
        raise RunError(f"{self._name()} did not end within {limit_s:g} s: {self.output_end()}")

    def end(self) -> None:
        """Send SIGTERM to the whole group; `wait` returns its end."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)

    def rss_bytes(self) -> int:
        """Return the memory of the process and its descendants now, in bytes."""
        total = sum(_rss_bytes(process) for process in _tree(self.process.pid))
        self.peak_rss_bytes = max(self.peak_rss_bytes, total)
        return total

    def cpu_s(self) -> float:
        """Return the CPU-seconds of the process and its living descendants until now."""
        return sum(_cpu_s(process) for process in _tree(self.process.pid))

    def output_end(self) -> str:
        """Return the end of its output."""
        return self.log.read_text(errors="replace").strip()[-2000:] or "no output"

    def _name(self) -> str:
        return " ".join(Path(part).name for part in self.command[:4])


class Server:
    """A counting server, `python -m MODULE`, controlled by JSON lines."""

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module], cwd=ROOT, start_new_session=True, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.port = int(self._read()["port"])

    @property
    def url(self) -> str:
        """Base URL of the server."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process.stdout.close()

    def ask(self, **request: object) -> dict[str, Any]:
        """Send one request and return the reply. Raises RunError when the server has ended."""
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise RunError(f"the counting server has ended: {error}") from error
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RunError("the counting server has ended; its output is above")
        read: dict[str, Any] = json.loads(line)
        return read


def _tree(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def _rss_bytes(process: psutil.Process) -> int:
    with suppress(psutil.NoSuchProcess):
        return int(process.memory_info().rss)
    return 0


def _cpu_s(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0
