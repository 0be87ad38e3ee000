"""Runs a command in a container (`kubectl exec`): the engine's exec, as the image's user, streamed."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from docker import APIClient
from docker.utils.socket import frames_iter

from harness.cluster.api import Invalid
from harness.cluster.runtimes.container.engine import FAILURES

STARTING_S, POLL_S = 10.0, 0.01
STDOUT, STDERR = 1, 2


class Command:
    """A command in a container. Implements api.Process.

    What `kill` ends is the conversation: the command itself learns of it when it writes again, as in a cluster.
    """

    def __init__(
        self, api: APIClient, exec_id: str, connection: socket.SocketIO, loop: asyncio.AbstractEventLoop, *, tty: bool
    ) -> None:
        self._api, self._id, self._connection, self._tty, self._loop = api, exec_id, connection, tty, loop
        self._socket: socket.socket = connection._sock  # type: ignore[attr-defined]  # as docker itself does
        self._said: dict[int, asyncio.Queue[bytes]] = {STDOUT: asyncio.Queue(), STDERR: asyncio.Queue()}
        self.stdout, self.stderr = self._chunks(STDOUT), self._chunks(STDERR)

    def listen(self) -> None:
        """Until it has said all; in a thread."""
        with suppress(*FAILURES, OSError):
            for stream, data in frames_iter(self._connection, self._tty):
                self._hear(STDERR if stream == STDERR else STDOUT, data)
        for stream in self._said:
            self._hear(stream, b"")
        self._connection.close()

    def _hear(self, stream: int, data: bytes) -> None:
        with suppress(RuntimeError):  # the loop has ended before the command
            self._loop.call_soon_threadsafe(self._said[stream].put_nowait, data)

    async def _chunks(self, stream: int) -> AsyncIterator[bytes]:
        while data := await self._said[stream].get():
            yield data

    async def wait(self) -> int:
        """Once both streams have ended."""
        status: int | None = None
        while status is None:
            status = (await asyncio.to_thread(self._api.exec_inspect, self._id))["ExitCode"]
            await asyncio.sleep(0 if status is not None else POLL_S)
        return status

    def kill(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def feed(self, stdin: bytes) -> None:
        """In a thread of its own: it may be read slowly, or not at all."""
        with suppress(OSError):
            self._socket.sendall(stdin)
            self._socket.shutdown(socket.SHUT_WR)

    def lacks(self) -> bool | None:
        """Whether the container lacks the program; None while that is not known."""
        found = self._api.exec_inspect(self._id)
        if found["Pid"]:
            return False
        return None if found["ExitCode"] is None else found["ExitCode"] in (126, 127)


async def start(api: APIClient, container: str, argv: Sequence[str], *, stdin: bytes | None, tty: bool) -> Command:
    """Raises FileNotFoundError for a program that the container lacks, Invalid when the container does not run."""
    loop = asyncio.get_running_loop()
    try:
        command = await asyncio.to_thread(_begin, api, container, argv, loop, stdin is not None, tty)
        lacks = await _known(command)
    except FAILURES as error:
        raise Invalid(f"unable to upgrade connection: {error}") from error
    if lacks:
        raise FileNotFoundError(argv[0])
    threading.Thread(target=command.listen, daemon=True).start()
    if stdin is not None:
        threading.Thread(target=command.feed, args=(stdin,), daemon=True).start()
    return command


def _begin(
    api: APIClient, container: str, argv: Sequence[str], loop: asyncio.AbstractEventLoop, stdin: bool, tty: bool
) -> Command:
    exec_id = api.exec_create(container, list(argv), stdin=stdin, tty=tty)["Id"]
    return Command(api, exec_id, api.exec_start(exec_id, socket=True, tty=tty), loop, tty=tty)


async def _known(command: Command) -> bool:
    async with asyncio.timeout(STARTING_S):
        while (lacks := await asyncio.to_thread(command.lacks)) is None:
            await asyncio.sleep(POLL_S)
    return lacks
