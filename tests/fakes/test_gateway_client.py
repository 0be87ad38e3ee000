"""The gateway's HTTP client with valid, broken and late answers, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from fakes.gateway import client as module
from fakes.gateway.client import Client, Reply
from fakes.settings import SettingError

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def talk(serve: Serve, asks: Callable[[Client], Awaitable[None]]) -> int:
    """Let `asks` use a client of a server; return the number of connections."""
    made = 0

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal made
        made += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await serve(reader, writer)
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(one, "127.0.0.1", 0)
        async with server, asyncio.timeout(20):
            client = Client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/base/")
            await asks(client)
            client.close()

    asyncio.run(main())
    return made


async def request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return head + await reader.readexactly(length)


def answering(*answers: bytes) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await request(reader)
            writer.write(answer)
            await writer.drain()

    return serve


def test_request_and_chunked_answer_are_encoded_and_decoded() -> None:
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await request(reader))
        for piece in (
            b"HTTP/1.1 503 Service Unavail",
            b"able\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            b"0\r\n\r\n",
        ):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)

    async def asks(client: Client) -> None:
        assert await client.post("/infer", b"{}", {"x-deadline-ms": "50"}) == Reply(503, b"abc")

    talk(serve, asks)
    head, _, body = got[0].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    assert (first, body) == ("POST /base/infer HTTP/1.1", b"{}")
    assert {"content-type: application/json", "content-length: 2", "x-deadline-ms: 50"} < set(lines)


def test_sequential_calls_share_a_connection_and_concurrent_ones_do_not() -> None:
    async def asks(client: Client) -> None:
        for _ in range(3):
            await client.post("/", b"", {})
        await asyncio.gather(*(client.post("/", b"", {}) for _ in range(3)))

    assert talk(answering(*[OK] * 9), asks) == 3


def test_connection_is_reused_until_it_is_old_idle_or_closed_by_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    async def asks(client: Client) -> None:
        await client.post("/", b"", {})
        await client.post("/", b"", {})

    closing = OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    assert talk(answering(closing, OK), asks) == 2
    for limit in ("MAX_AGE_S", "IDLE_S"):
        with monkeypatch.context() as patch:
            patch.setattr(module, limit, 0.0)
            assert talk(answering(OK, OK), asks) == 2


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"", "hung up"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nonly this", "hung up"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP"),
    ],
)
def test_incomplete_or_invalid_answer_is_a_connection_error(answer: bytes, message: str) -> None:
    async def asks(client: Client) -> None:
        for _ in range(2):
            with pytest.raises(ConnectionError, match=message):
                await client.post("/", b"", {})

    assert talk(answering(answer), asks) == 2


def test_late_answer_is_not_given_to_the_next_call() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        slow = b"slow" in await request(reader)
        await asyncio.sleep(0.2 if slow else 0)
        writer.write(OK.replace(b"ok", b"S!") if slow else OK)
        await writer.drain()

    async def asks(client: Client) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.post("/slow", b"", {})
        assert (await client.post("/quick", b"", {})).body == b"ok"

    assert talk(serve, asks) == 2


@pytest.mark.parametrize("url", ["", "inference:8080", "https://inference", "http://", "http://inference:port"])
def test_invalid_url_is_refused(url: str) -> None:
    with pytest.raises(SettingError, match="no URL of a service"):
        Client(url)
