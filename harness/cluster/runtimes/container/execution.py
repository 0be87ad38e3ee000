"""Runs a command in a container (`kubectl exec`) by the engine's exec, with streamed output."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from io import BufferedReader

from docker import APIClient

from harness.cluster.api import Invalid
from harness.cluster.runtimes.container.engine import FAILURES

START_LIMIT_S, POLL_S = 30.0, 0.01
STDOUT, STDERR = 1, 2
FRAME = struct.Struct(">BxxxL")
"""The head of a part of the output: its stream and its size (Docker Engine API, "Attach to a container")."""
CHUNK_BYTES = 65_536


class Command:
    """A command in a container. Implements api.Process.

    `kill` closes the connection only: as in a cluster, the command ends when it writes again.
    """

    def __init__(
        self, api: APIClient, exec_id: str, connection: socket.SocketIO, loop: asyncio.AbstractEventLoop, *, tty: bool
    ) -> None:
        self._api, self._id, self._connection, self._tty, self._loop = api, exec_id, connection, tty, loop
        self._socket: socket.socket = connection._sock  # type: ignore[attr-defined]  # as docker itself does
        self._socket.settimeout(None)  # a command may print nothing for long
        # What came with the head of the answer is in the reader of the answer. docker's own `frames_iter` reads the
        # socket behind it, and so loses the output of a command that was faster than this process.
        self._reader: BufferedReader = connection._response.raw._fp.fp  # type: ignore[attr-defined]
        self._output: dict[int, asyncio.Queue[bytes]] = {STDOUT: asyncio.Queue(), STDERR: asyncio.Queue()}
        self.stdout, self.stderr = self._chunks(STDOUT), self._chunks(STDERR)

    def read_output(self) -> None:
        """Read both streams to their end. Blocks."""
        with suppress(*FAILURES, OSError):
            for stream, data in _frames(self._reader, tty=self._tty):
                self._put(STDERR if stream == STDERR else STDOUT, data)
        for stream in self._output:
            self._put(stream, b"")
        self._connection.close()

    def _put(self, stream: int, data: bytes) -> None:
        with suppress(RuntimeError):  # the loop has ended before the command
            self._loop.call_soon_threadsafe(self._output[stream].put_nowait, data)

    async def _chunks(self, stream: int) -> AsyncIterator[bytes]:
        while data := await self._output[stream].get():
            yield data

    async def wait(self) -> int:
        """See api.Process; call it when both streams have ended."""
        status: int | None = None
        while status is None:
            status = (await asyncio.to_thread(self._api.exec_inspect, self._id))["ExitCode"]
            await asyncio.sleep(0 if status is not None else POLL_S)
        return status

    def kill(self) -> None:
        """Close the connection."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def feed(self, stdin: bytes) -> None:
        """Send stdin. Blocks for as long as the command does not read it."""
        with suppress(OSError):
            self._socket.sendall(stdin)
            self._socket.shutdown(socket.SHUT_WR)

    def program_missing(self) -> bool | None:
        """Whether the container lacks the program; None while unknown."""
        found = self._api.exec_inspect(self._id)
        if found["Pid"]:
            return False
        return None if found["ExitCode"] is None else found["ExitCode"] in (126, 127)


def _frames(reader: BufferedReader, *, tty: bool) -> Iterator[tuple[int, bytes]]:
    """The parts of the output with their streams. That of a terminal is one stream without heads."""
    if tty:
        while data := reader.read1(CHUNK_BYTES):
            yield STDOUT, data
    else:
        while len(head := reader.read(FRAME.size)) == FRAME.size:
            stream, size = FRAME.unpack(head)
            yield stream, reader.read(size)


async def start(api: APIClient, container: str, argv: Sequence[str], *, stdin: bytes | None, tty: bool) -> Command:
    """Start a command. Raises FileNotFoundError for a missing program, Invalid when the container does not run."""
    loop = asyncio.get_running_loop()
    try:
        command = await asyncio.to_thread(_begin, api, container, argv, loop, stdin is not None, tty)
        missing = await _program_missing(command)
    except FAILURES as error:
        why = str(error) or f"the engine did not start the command within {START_LIMIT_S:g} s"
        raise Invalid(f"unable to upgrade connection: {why}") from error
    if missing:
        raise FileNotFoundError(argv[0])
    threading.Thread(target=command.read_output, daemon=True).start()
    if stdin is not None:
        threading.Thread(target=command.feed, args=(stdin,), daemon=True).start()
    return command


def _begin(
    api: APIClient, container: str, argv: Sequence[str], loop: asyncio.AbstractEventLoop, stdin: bool, tty: bool
) -> Command:
    exec_id = api.exec_create(container, list(argv), stdin=stdin, tty=tty)["Id"]
    return Command(api, exec_id, api.exec_start(exec_id, socket=True, tty=tty), loop, tty=tty)


async def _program_missing(command: Command) -> bool:
    async with asyncio.timeout(START_LIMIT_S):
        while (missing := await asyncio.to_thread(command.program_missing)) is None:
            await asyncio.sleep(POLL_S)
    return missing
