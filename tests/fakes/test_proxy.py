"""A Service's proxy over real sockets: choice of endpoints, refusals, and connections across changes."""

from __future__ import annotations

import asyncio
import signal
import socket
import struct
from collections import Counter
from contextlib import AsyncExitStack, suppress

import psutil
import pytest

from tests.support.fakes import ask
from tests.support.network import free_port
from tests.support.proxy import TOKEN, Backend, exchange, in_a_loop, process, proxied
from tests.support.waiting import wait_until


async def refused(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return True
    writer.close()
    return False


@in_a_loop
async def test_connections_are_distributed_over_the_endpoints(stack: AsyncExitStack) -> None:
    one, two = Backend("one"), Backend("two")
    _, port = await proxied(stack, await one.up(stack), await two.up(stack))
    answers = Counter([await exchange(port, "hello") for _ in range(60)])
    assert set(answers) == {"one hello", "two hello"}
    assert min(answers.values()) >= 10  # of 60 at even odds: fewer once in ten million runs


@in_a_loop
async def test_proxy_without_endpoints_refuses_and_listens_again_with_one(stack: AsyncExitStack) -> None:
    backend = Backend("one")
    endpoint = await backend.up(stack)
    proxy, port = await proxied(stack)
    assert await refused(port)
    await proxy.forward_to([endpoint])
    assert await exchange(port, "a") == "one a"
    await proxy.forward_to([])
    assert await refused(port)


@in_a_loop
async def test_connection_survives_the_removal_of_its_endpoint(stack: AsyncExitStack) -> None:
    old, new = Backend("old"), Backend("new")
    proxy, port = await proxied(stack, await old.up(stack))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"a\n")
    assert await reader.readline() == b"old a\n"
    for endpoints in ([await new.up(stack)], []):
        await proxy.forward_to(endpoints)
        writer.write(b"still\n")
        assert await reader.readline() == b"old still\n"
    writer.close()


@in_a_loop
async def test_refusing_endpoint_is_skipped_and_without_others_the_connection_is_reset(stack: AsyncExitStack) -> None:
    backend = Backend("one")
    dead = ("127.0.0.1", free_port())
    proxy, port = await proxied(stack, dead, await backend.up(stack))
    assert {await exchange(port, "a") for _ in range(20)} == {"one a"}
    await proxy.forward_to([dead])
    with pytest.raises(ConnectionResetError):
        await exchange(port, "a")


@in_a_loop
async def test_half_close_and_reset_are_forwarded(stack: AsyncExitStack) -> None:
    backend = Backend("one")
    _, port = await proxied(stack, await backend.up(stack))
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
async def test_slow_reader_blocks_the_writer(stack: AsyncExitStack) -> None:
    """A proxy without back-pressure would accept all bytes."""
    backend = Backend("stuck", reads=False)
    _, port = await proxied(stack, await backend.up(stack))
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
