"""Run a Service's proxy, in the test's event loop or as a process, in front of small real servers."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager

import uvloop

from fakes.proxy import Proxy
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


class Backend:
    """Answers each line with its name and the line, and sends `bye` at the client's EOF; or never reads."""

    def __init__(self, name: str, *, reads: bool = True) -> None:
        self.name, self._reads = name, reads
        self.connections = 0
        self.ended: list[str] = []

    async def up(self, stack: AsyncExitStack) -> Endpoint:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        stack.callback(server.close)
        port: int = server.sockets[0].getsockname()[1]
        return "127.0.0.1", port

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


@contextmanager
def process(**env: str) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-m", "fakes", "service-proxy"]
    given = {"PATH": os.environ["PATH"], "POD_IP": "127.0.0.1", **env}
    with subprocess.Popen(argv, env=given, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()
