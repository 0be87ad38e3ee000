"""Run a Service's proxy, in the test's event loop or as a process, in front of small real servers."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress

import uvloop

from fakes.faults.base import FaultBoard
from fakes.forwarding.effects import ProxyFault
from fakes.proxy import EFFECTS, Proxy
from tests.support.network import free_port

TOKEN = {"Authorization": "Bearer a-token"}
LIMIT_S = 20.0
Endpoint = tuple[str, int]


def in_a_loop(test: Callable[[AsyncExitStack], Awaitable[None]]) -> Callable[[], None]:
    """Run a test on uvloop with a stack that closes its servers and connections at the end."""

    def run() -> None:
        async def main() -> None:
            async with asyncio.timeout(LIMIT_S), AsyncExitStack() as stack:
                await test(stack)
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            for _ in range(5):
                await asyncio.sleep(0)  # the callbacks that close the sockets, also of the other ends

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as in production
            runner.run(main())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


async def listening(
    stack: AsyncExitStack, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
) -> Endpoint:
    """A server on a free port of loopback, closed with the stack."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    stack.callback(server.close)
    port: int = server.sockets[0].getsockname()[1]
    return "127.0.0.1", port


class Backend:
    """Answers each line with its name and the line, and sends `bye` at the client's EOF; or never reads."""

    def __init__(self, name: str, *, reads: bool = True) -> None:
        self.name, self._reads = name, reads
        self.connections = 0
        self.ended: list[str] = []

    async def up(self, stack: AsyncExitStack) -> Endpoint:
        return await listening(stack, self._serve)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if not self._reads:
                await asyncio.Event().wait()
            while line := await reader.readline():
                writer.write(f"{self.name} ".encode() + line)
            self.ended.append("eof")
            writer.write(f"{self.name} bye\n".encode())
        except ConnectionError:
            self.ended.append("reset")
        finally:
            writer.close()


async def proxied(stack: AsyncExitStack, *endpoints: Endpoint) -> tuple[Proxy, int]:
    port = free_port()
    proxy = Proxy("127.0.0.1", port)
    stack.push_async_callback(_end, proxy)
    await proxy.forward_to(endpoints)
    return proxy, port


async def _end(proxy: Proxy) -> None:
    await proxy.forward_to([])
    for link in tuple(proxy.faults.links):
        link.reset()


async def exchange(port: int, line: str) -> str:
    """Return the answer to one line, sent on its own connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(line.encode() + b"\n")
    answer = await reader.readline()
    writer.close()
    return answer.decode().strip()


QUICK_S = 0.2
"""How long a test waits for something that must not arrive."""


def board_of(proxy: Proxy) -> FaultBoard:
    return FaultBoard(ProxyFault(effect, proxy.faults) for effect in EFFECTS)


class Board:
    """The fault board of a proxy in the test's event loop."""

    def __init__(self, proxy: Proxy) -> None:
        self._board = board_of(proxy)

    def apply(self, name: str, **parameters: float) -> None:
        self._board.apply({"name": name, "max_duration_s": 60, **parameters})

    def revert(self) -> None:
        self._board.revert_all()


class Conversation:
    """A connection through the proxy that stays open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def begin(cls, stack: AsyncExitStack, port: int) -> Conversation:
        made = cls(*await asyncio.open_connection("127.0.0.1", port))
        stack.callback(made._writer.close)
        return made

    def say(self, data: bytes) -> None:
        self._writer.write(data)

    def end(self) -> None:
        self._writer.write_eof()

    def hang_up(self) -> None:
        self._writer.close()

    async def hear(self) -> bytes:
        return await self._reader.readline()

    async def rest(self) -> bytes:
        return await self._reader.read()

    async def hears_nothing(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(QUICK_S):
                await self._reader.read(1)
                return False
        return True

    async def response(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers with small names, and body of one HTTP response."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:-1])}
        if headers.get("transfer-encoding") == "chunked":
            return int(head[0].split()[1]), headers, await self._chunks()
        body = await self._reader.readexactly(int(headers.get("content-length", 0)))
        return int(head[0].split()[1]), headers, body

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self._reader.readline(), 16):
            body += await self._reader.readexactly(size)
            await self._reader.readline()
        await self._reader.readline()
        return body


def now_s() -> float:
    return asyncio.get_running_loop().time()


async def talking(stack: AsyncExitStack) -> tuple[Backend, Board, Conversation, int]:
    """A line server behind a proxy, and a connection to it that has had an answer."""
    backend = Backend("one")
    proxy, port = await proxied(stack, await backend.up(stack))
    talk = await Conversation.begin(stack, port)
    talk.say(b"a\n")
    assert await talk.hear() == b"one a\n"
    return backend, Board(proxy), talk, port


@contextmanager
def process(**env: str) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-m", "fakes", "service-proxy"]
    given = {"PATH": os.environ["PATH"], "POD_IP": "127.0.0.1", **env}
    with subprocess.Popen(argv, env=given, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()
