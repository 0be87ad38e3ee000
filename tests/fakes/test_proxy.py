"""A Service's proxy over real sockets: choice of endpoints, refusals, and connections across changes."""

from __future__ import annotations

import asyncio
import signal
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psutil
import pytest
import uvloop

from fakes.proxy import Proxy
from tests.support.fakes import ask
from tests.support.network import free_port
from tests.support.proxy import TOKEN, process
from tests.support.waiting import wait_until

LIMIT_S = 20.0
Endpoint = tuple[str, int]


def in_a_loop(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    def run() -> None:
        async def main() -> None:
            async with asyncio.timeout(LIMIT_S):
                await test()

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

    async def up(self) -> Endpoint:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self.server.sockets[0].getsockname()[1]
        return "127.0.0.1", port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if not self._reads:
            await asyncio.Event().wait()
        try:
            while line := await reader.readline():
                writer.write(f"{self.name} ".encode() + line)
            self.ended.append("eof")
            writer.write(f"{self.name} bye\n".encode())
        except ConnectionError:
            self.ended.append("reset")
        writer.close()


async def proxied(*endpoints: Endpoint) -> tuple[Proxy, int]:
    port = free_port()
    proxy = Proxy("127.0.0.1", port)
    await proxy.forward_to(endpoints)
    return proxy, port


async def exchange(port: int, line: str) -> str:
    """Return the answer to one line, sent on its own connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(line.encode() + b"\n")
    answer = await reader.readline()
    writer.close()
    return answer.decode().strip()


async def refused(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return True
    writer.close()
    return False


@in_a_loop
async def test_connections_are_distributed_over_the_endpoints() -> None:
    one, two = Backend("one"), Backend("two")
    _, port = await proxied(await one.up(), await two.up())
    answers = Counter([await exchange(port, "hello") for _ in range(60)])
    assert set(answers) == {"one hello", "two hello"}
    assert min(answers.values()) >= 10  # of 60 at even odds: fewer once in ten million runs


@in_a_loop
async def test_proxy_without_endpoints_refuses_and_listens_again_with_one() -> None:
    backend = Backend("one")
    endpoint = await backend.up()
    proxy, port = await proxied()
    assert await refused(port)
    await proxy.forward_to([endpoint])
    assert await exchange(port, "a") == "one a"
    await proxy.forward_to([])
    assert await refused(port)


@in_a_loop
async def test_connection_survives_the_removal_of_its_endpoint() -> None:
    old, new = Backend("old"), Backend("new")
    proxy, port = await proxied(await old.up())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"a\n")
    assert await reader.readline() == b"old a\n"
    for endpoints in ([await new.up()], []):
        await proxy.forward_to(endpoints)
        writer.write(b"still\n")
        assert await reader.readline() == b"old still\n"
    writer.close()


@in_a_loop
async def test_refusing_endpoint_is_skipped_and_without_others_the_connection_is_reset() -> None:
    backend = Backend("one")
    dead = ("127.0.0.1", free_port())
    proxy, port = await proxied(dead, await backend.up())
    assert {await exchange(port, "a") for _ in range(20)} == {"one a"}
    await proxy.forward_to([dead])
    with pytest.raises(ConnectionResetError):
        await exchange(port, "a")


@in_a_loop
async def test_half_close_and_reset_are_forwarded() -> None:
    backend = Backend("one")
    _, port = await proxied(await backend.up())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"a\n")
    writer.write_eof()
    assert await reader.read() == b"one a\none bye\n"
    writer.close()
    while any(each.laddr[1] == port and each.status == "ESTABLISHED" for each in psutil.Process().net_connections()):
        await asyncio.sleep(0.01)  # an end that is not forwarded would leave it open
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"a\n")
    await reader.readline()
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    while len(backend.ended) < 2:
        await asyncio.sleep(0.01)
    assert backend.ended == ["eof", "reset"]


@in_a_loop
async def test_slow_reader_blocks_the_writer() -> None:
    """A proxy without back-pressure would accept all bytes."""
    backend = Backend("stuck", reads=False)
    _, port = await proxied(await backend.up())
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    wanted, taken = 64 << 20, 0
    with suppress(TimeoutError):
        while taken < wanted:
            writer.write(bytes(1 << 20))
            async with asyncio.timeout(1.0):
                await writer.drain()
            taken += 1 << 20
    assert 0 < taken < wanted
    writer.transport.abort()


def test_process_takes_endpoints_by_its_admin_port_and_ends_on_sigterm() -> None:
    port, admin = free_port(), free_port()

    def put(body: object, headers: dict[str, str] = TOKEN) -> int:
        return ask("127.0.0.1", "/endpoints", body, headers, "PUT", admin).status

    with process(PORT=str(port), ADMIN_PORT=str(admin), ADMIN_TOKEN="a-token") as running:
        wait_until(lambda: put({"endpoints": []}) == 200, "it listens")
        with pytest.raises(ConnectionRefusedError):
            ask("127.0.0.1", "/", port=port)
        assert put({"endpoints": [f"127.0.0.1:{admin}"]}) == 200
        assert ask("127.0.0.1", "/endpoints", headers=TOKEN, port=port).json == {"endpoints": [f"127.0.0.1:{admin}"]}
        assert put({"endpoints": []}, {}) == 403
        for wrong in ({}, {"endpoints": "x"}, {"endpoints": ["127.0.0.1"]}, {"endpoints": ["127.0.0.1:70000"]}):
            assert put(wrong) == 400
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0


def test_missing_admin_port_is_an_error() -> None:
    with process(PORT=str(free_port())) as running:
        assert running.wait(10) == 2
        assert running.stdout is not None
        assert "ADMIN_PORT is missing" in running.stdout.read()
