"""Client of the fork server: a process that has imported the services and forks a pod in milliseconds."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from harness.errors import PlatformError
from harness.machine.process_ledger import MARK, Group, Ledger

T = TypeVar("T")
LOG = "fork-server.log"


@dataclass(frozen=True)
class Child:
    """A forked pod process; `exited` resolves to its exit status, or to the negative number of a fatal signal."""

    group: Group
    exited: asyncio.Future[int]


@dataclass(frozen=True)
class _Forked:
    pid: int
    exited: asyncio.Future[int]


class ForkServer:
    """The fork server of one platform (docs/reference/contracts.md).

    When it dies, its pods die with it; the next `spawn` starts another one.
    """

    def __init__(self, argv: Sequence[str], ledger: Ledger) -> None:
        self._argv, self._ledger = argv, ledger
        self._process: asyncio.subprocess.Process | None = None
        self._starting = asyncio.Lock()
        self._requests: dict[int, asyncio.Future[_Forked]] = {}
        self._children: dict[int, asyncio.Future[int]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._count = 0

    async def start(self) -> int:
        """Start the process unless it runs; returns its pid."""
        async with self._starting:
            if self._process is None:
                self._process = await self._launch()
                self._reader = asyncio.create_task(self._read(self._process))
            return self._process.pid

    async def _launch(self) -> asyncio.subprocess.Process:
        folder = self._ledger.folder
        env = {"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8", MARK: str(folder)}
        self._ledger.intend("fork server")
        with (folder / LOG).open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *self._argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
                env=env, cwd=folder, start_new_session=True,
            )  # fmt: skip
        self._ledger.started(process.pid, "fork server")
        return process

    async def spawn(self, service: str, env: Mapping[str, str], cwd: Path, log: Path) -> Child:
        """Fork a pod that runs `service`. Raises PlatformError when the fork server ends or refuses."""
        pid = await self.start()
        assert self._process is not None
        assert self._process.stdin is not None
        self._count += 1
        answer = self._requests[self._count] = asyncio.get_running_loop().create_future()
        request = {"op": "spawn", "id": self._count, "service": service, "cwd": str(cwd), "log": str(log)}
        self._ledger.intend(f"pod {env['POD_NAME']}")
        with suppress(ConnectionError):  # the reader sees the end and fails the request
            self._process.stdin.write((json.dumps({**request, "env": {**env, "PARENT_PID": str(pid)}}) + "\n").encode())
        child = await answer
        return Child(self._ledger.started(child.pid, f"pod {env['POD_NAME']}"), child.exited)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self._handle(json.loads(line))
        status = await process.wait()
        self._process = None
        lost = PlatformError(f"the fork server ended with status {status}: {self._last_line()}")
        for answer in self._requests.values():
            if not answer.done():
                answer.set_exception(lost)
        for exited in self._children.values():
            _settle(exited, -signal.SIGKILL)
        self._requests.clear()
        self._children.clear()

    def _last_line(self) -> str:
        path = self._ledger.folder / LOG
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else f"nothing in {path}"

    def _handle(self, message: dict[str, int | str]) -> None:
        if "exited" in message:
            _settle(self._children.pop(int(message["exited"])), int(message["status"]))
            return
        answer = self._requests.pop(int(message["id"]))
        if "pid" in message:
            pid = int(message["pid"])
            self._children[pid] = asyncio.get_running_loop().create_future()
            _settle(answer, _Forked(pid, self._children[pid]))
        elif not answer.done():
            answer.set_exception(
                PlatformError(f"the fork server could not fork a pod: {message.get('error', message)}")
            )


def _settle(future: asyncio.Future[T], result: T) -> None:
    """Set the result unless the waiting task was cancelled."""
    if not future.done():
        future.set_result(result)
