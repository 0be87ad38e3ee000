"""The faults of a Service's proxy that change HTTP: on kept connections, in pieces, pipelined, chunked, upgraded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress

import pytest

from tests.support.proxy import Board, Conversation, Endpoint, in_a_loop, listening, now_s, proxied, talking


class Web:
    """A keep-alive HTTP server: answers with the request's target and body as JSON, chunked for `/chunked`."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def up(self, stack: AsyncExitStack) -> Endpoint:
        return await listening(stack, self._serve)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next((line.split(": ")[1] for line in head.split("\r\n") if "ength" in line), "0")
                body = await reader.readexactly(int(length))
                self.asked.append(head.split(" ")[1])
                if "Upgrade" in head:
                    writer.write(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhi\n")
                    continue
                answer = json.dumps({"target": self.asked[-1], "body": body.decode()}).encode()
                await self._answer(writer, head.split(" ")[0], answer)
        writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, method: str, body: bytes) -> None:
        if self.asked[-1] == "/chunked":
            writer.write(b"HTTP/1.1 200 OK\r\nX-One: Two\r\nTransfer-Encoding: chunked\r\n\r\n")
            for piece in (body[:7], body[7:]):
                writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                await asyncio.sleep(0.01)
            writer.write(b"0\r\n\r\n")
        else:
            head = b"HTTP/1.1 200 OK\r\nX-One: Two\r\nContent-Length: %d\r\n\r\n" % len(body)
            writer.write(head + (b"" if method == "HEAD" else body))


def request(target: str = "/a", method: str = "POST", body: bytes = b"b", extra: str = "") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: a\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def browsing(stack: AsyncExitStack) -> tuple[Web, Board, Conversation, int]:
    """A web server behind a proxy, and a connection to it that has had an answer."""
    web = Web()
    proxy, port = await proxied(stack, await web.up(stack))
    talk = await Conversation.begin(stack, port)
    talk.say(request())
    assert (await talk.response())[0] == 200
    return web, Board(proxy), talk, port


@in_a_loop
async def test_http_status_answers_in_place_of_the_service(stack: AsyncExitStack) -> None:
    web, board, talk, port = await browsing(stack)
    board.apply("http-status", status=502)
    for each in (talk, talk, await Conversation.begin(stack, port)):
        each.say(request("/failed"))
        status, headers, body = await each.response()
        assert (status, headers["content-type"], body) == (502, "text/plain", b"502 Bad Gateway\n")
    board.revert()
    talk.say(request("/good"))
    assert (await talk.response())[0] == 200
    assert web.asked == ["/a", "/good"]


@in_a_loop
async def test_request_in_pieces_is_taken_whole(stack: AsyncExitStack) -> None:
    web, board, talk, _ = await browsing(stack)
    board.apply("http-status")
    whole = request("/failed", body=b"x" * 100)
    for start in range(0, len(whole), 40):
        assert await talk.hears_nothing() if start == 80 else True
        talk.say(whole[start : start + 40])
        await asyncio.sleep(0.01)
    assert (await talk.response())[0] == 503
    board.revert()
    talk.say(request("/good"))
    assert (await talk.response())[2] == b'{"target": "/good", "body": "b"}'
    assert web.asked == ["/a", "/good"]


@in_a_loop
async def test_pipelined_requests_are_each_answered(stack: AsyncExitStack) -> None:
    web, board, talk, _ = await browsing(stack)
    board.apply("http-status")
    talk.say(request("/one") + request("/two")[:30])
    assert (await talk.response())[0] == 503
    talk.say(request("/two")[30:])
    assert (await talk.response())[0] == 503
    assert web.asked == ["/a"]


@in_a_loop
async def test_refused_request_that_closes_ends_the_connection(stack: AsyncExitStack) -> None:
    _, board, talk, _ = await browsing(stack)
    board.apply("http-status")
    talk.say(request(extra="Connection: close\r\n"))
    answer = await talk.rest()
    assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"Connection: close" in answer


@in_a_loop
async def test_refused_head_has_no_body_and_a_websocket_is_refused_too(stack: AsyncExitStack) -> None:
    _, board, talk, _ = await browsing(stack)
    board.apply("http-status")
    talk.say(request(method="HEAD", body=b""))
    assert (await talk._reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 503 ")
    assert await talk.hears_nothing()
    talk.say(request(method="GET", body=b"", extra="Connection: Upgrade\r\nUpgrade: websocket\r\n"))
    assert (await talk.response())[0] == 503


@in_a_loop
async def test_seed_decides_which_requests_fail(stack: AsyncExitStack) -> None:
    _, board, talk, _ = await browsing(stack)

    async def statuses(seed: int) -> Sequence[int]:
        board.apply("http-status", share=0.3, seed=seed)
        found = []
        for _ in range(100):
            talk.say(request())
            found.append((await talk.response())[0])
        board.revert()
        return found

    first, again, other = [await statuses(seed) for seed in (1, 1, 2)]
    assert first == again != other
    assert 10 <= first.count(503) <= 50
    assert set(first) == {200, 503}


@in_a_loop
async def test_http_fault_leaves_other_protocols_alone(stack: AsyncExitStack) -> None:
    _, board, talk, _ = await talking(stack)
    board.apply("http-status")
    board.apply("http-body")
    talk.say(b"GET is no HTTP\n")
    assert await talk.hear() == b"one GET is no HTTP\n"


@pytest.mark.parametrize("target", ["/sized", "/chunked"])
def test_http_body_keeps_status_headers_and_length(target: str) -> None:
    @in_a_loop
    async def compare(stack: AsyncExitStack) -> None:
        web, board, talk, port = await browsing(stack)
        talk.say(request(target))
        right = await talk.response()
        board.apply("http-body")
        for each in (talk, talk, await Conversation.begin(stack, port)):
            each.say(request(target))
            status, headers, body = await each.response()
            assert (status, headers) == right[:2]
            assert body == b"?" * len(right[2])
        board.revert()
        talk.say(request(target))
        assert await talk.response() == right
        assert len(web.asked) == 6

    compare()


@in_a_loop
async def test_http_body_leaves_head_and_an_upgraded_connection_alone(stack: AsyncExitStack) -> None:
    _, board, talk, _ = await browsing(stack)
    board.apply("http-body")
    talk.say(request(f"/{'a' * 500}", method="HEAD", body=b""))  # its answer has a length, and no body
    assert b"X-One: Two" in await talk._reader.readuntil(b"\r\n\r\n")
    talk.say(request(method="GET", body=b"", extra="Connection: Upgrade\r\nUpgrade: websocket\r\n"))
    assert (await talk._reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    assert await talk.hear() == b"hi\n"


@in_a_loop
async def test_faults_add_up(stack: AsyncExitStack) -> None:
    _, board, talk, _ = await browsing(stack)
    board.apply("latency", delay_ms=100)
    board.apply("latency", delay_ms=100)
    board.apply("http-status")
    began_s = now_s()
    talk.say(request())
    assert (await talk.response())[0] == 503
    assert now_s() - began_s >= 0.199
    board.revert()
    talk.say(request())
    assert (await talk.response())[0] == 200
