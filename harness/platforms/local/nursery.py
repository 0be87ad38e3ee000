"""Asks the nursery process for pods: it has imported the services already and forks one in milliseconds."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.errors import PlatformError
from harness.platforms.local.processes import MARK, Group, Ledger


@dataclass(frozen=True)
class Child:
    """A forked pod process: its group, and its exit status to come (a negative signal number when one ended it)."""

    group: Group
    exited: asyncio.Future[int]


class Nursery:
    """Protocol in docs/contracts.md. A nursery that dies takes its children along; the next `spawn` starts another."""

    def __init__(self, argv: Sequence[str], ledger: Ledger) -> None:
        self._argv, self._ledger = argv, ledger
        self._process: asyncio.subprocess.Process | None = None
        self._starting = asyncio.Lock()
        self._asked: dict[int, asyncio.Future[int]] = {}
        self._children: dict[int, asyncio.Future[int]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._count = 0

    async def start(self) -> int:
        """Start it unless it runs; returns its pid."""
        async with self._starting:
            if self._process is None:
                self._process = await self._launch()
                self._reader = asyncio.create_task(self._read(self._process))
            return self._process.pid

    async def _launch(self) -> asyncio.subprocess.Process:
        folder = self._ledger.folder
        env = {"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8", MARK: str(folder)}
        self._ledger.intend("nursery")
        with (folder / "nursery.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *self._argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
                env=env, cwd=folder, start_new_session=True,
            )  # fmt: skip
        self._ledger.started(process.pid, "nursery")
        return process

    async def spawn(self, service: str, env: Mapping[str, str], cwd: Path, log: Path) -> Child:
        """Fork one service. Raises PlatformError when the nursery ends instead of answering."""
        pid = await self.start()
        assert self._process is not None
        assert self._process.stdin is not None
        self._count += 1
        answer = self._asked[self._count] = asyncio.get_running_loop().create_future()
        request = {"op": "spawn", "id": self._count, "service": service, "cwd": str(cwd), "log": str(log)}
        self._ledger.intend(f"pod {env['POD_NAME']}")
        with suppress(ConnectionError):  # then the reader sees the end, and says so
            self._process.stdin.write((json.dumps({**request, "env": {**env, "PARENT_PID": str(pid)}}) + "\n").encode())
        child = await answer
        return Child(self._ledger.started(child, f"pod {env['POD_NAME']}"), self._exit_of(child))

    def _exit_of(self, pid: int) -> asyncio.Future[int]:
        return self._children.setdefault(pid, asyncio.get_running_loop().create_future())

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self._hear(json.loads(line))
        status = await process.wait()
        self._process = None
        for answer in self._asked.values():
            answer.set_exception(PlatformError(
                f"the nursery ended with status {status} before it had forked a pod; see {self._ledger.folder}/nursery.log"
            ))  # fmt: skip
        for exited in self._children.values():
            if not exited.cancelled():
                exited.set_result(-signal.SIGKILL)
        self._asked.clear()
        self._children.clear()

    def _hear(self, message: dict[str, int | str]) -> None:
        if "exited" in message:
            self._exit_of(int(message["exited"])).set_result(int(message["status"]))
            del self._children[int(message["exited"])]
        elif "pid" in message:
            self._exit_of(int(message["pid"]))
            self._asked.pop(int(message["id"])).set_result(int(message["pid"]))
        else:
            reason = str(message.get("error", message))
            self._asked.pop(int(message["id"])).set_exception(PlatformError(f"the nursery forked no pod: {reason}"))
