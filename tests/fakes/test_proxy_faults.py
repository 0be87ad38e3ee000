"""The faults of a Service's proxy over real sockets, on connections that exist already and on new ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress

import pytest

from fakes.faults.base import FaultBoard, FaultError
from fakes.faults.blackhole import Blackhole
from fakes.faults.latency import Latency
from fakes.forwarding.effects import ProxyFault
from fakes.proxy import EFFECTS, Proxy
from tests.support.fakes import ask
from tests.support.network import free_port
from tests.support.proxy import TOKEN, Backend, Endpoint, exchange, in_a_loop, process, proxied
from tests.support.waiting import wait_until, wait_until_async

LONG_MS = 60_000.0
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


# -- latency -----------------------------------------------------------------------------------------------------------


@in_a_loop
async def test_latency_delays_answers_of_existing_and_new_connections(stack: AsyncExitStack) -> None:
    _, board, talk, port = await talking(stack)
    board.apply("latency", delay_ms=200)
    for each in (talk, await Conversation.begin(stack, port)):
        began_s = now_s()
        each.say(b"b\n")
        assert await each.hear() == b"one b\n"
        assert now_s() - began_s >= 0.199


@in_a_loop
async def test_what_is_held_passes_when_the_fault_is_reverted(stack: AsyncExitStack) -> None:
    _, board, talk, _ = await talking(stack)
    board.apply("latency", delay_ms=LONG_MS)
    talk.say(b"b\n")
    assert await talk.hears_nothing()
    board.revert()
    assert await talk.hear() == b"one b\n"


@in_a_loop
async def test_jitter_keeps_the_order(stack: AsyncExitStack) -> None:
    _, board, talk, _ = await talking(stack)
    board.apply("latency", delay_ms=20, jitter_ms=20)
    for number in range(30):
        talk.say(b"%d\n" % number)
        await asyncio.sleep(0.001)
    assert [await talk.hear() for _ in range(30)] == [b"one %d\n" % number for number in range(30)]


def test_jitter_is_drawn_from_the_seed_within_its_bounds() -> None:
    def drawn(seed: int) -> list[float]:
        made = Latency({"delay_ms": 100, "jitter_ms": 50, "seed": seed})
        return [made.held_until_s(None, 7.0) - 7.0 for _ in range(200)]  # type: ignore[arg-type]

    assert drawn(1) == drawn(1) != drawn(2)
    assert 0.05 <= min(drawn(1)) < 0.06
    assert 0.14 < max(drawn(1)) <= 0.15


@in_a_loop
async def test_delayed_answer_reaches_a_client_that_has_ended_its_own_direction(stack: AsyncExitStack) -> None:
    """As `nc` does; the service closes at once, and its last bytes must not be lost with the connection."""
    _, board, talk, _ = await talking(stack)
    board.apply("latency", delay_ms=100)
    talk.say(b"b\n")
    talk.end()
    assert await talk.rest() == b"one b\none bye\n"


# -- bandwidth ---------------------------------------------------------------------------------------------------------


@in_a_loop
async def test_connections_share_the_bandwidth(stack: AsyncExitStack) -> None:
    _, board, talk, port = await talking(stack)
    board.apply("bandwidth", bytes_per_s=200_000)
    other = await Conversation.begin(stack, port)
    began_s = now_s()
    for each in (talk, other):
        each.say(b"x" * 20_000 + b"\n")
    assert [len(await each.hear()) for each in (talk, other)] == [20_005, 20_005]
    assert now_s() - began_s >= 40_000 / 200_000 - 0.02  # the burst and a timer's resolution


@in_a_loop
async def test_bandwidth_blocks_the_sender(stack: AsyncExitStack) -> None:
    """A proxy that kept everything that it may not pass on yet would accept all bytes."""
    _, board, _, port = await talking(stack)
    board.apply("bandwidth", bytes_per_s=1000)
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    stack.callback(writer.close)
    wanted, taken = 64 << 20, 0
    with suppress(TimeoutError):
        while taken < wanted:
            writer.write(bytes(1 << 20))
            async with asyncio.timeout(0.5):
                await writer.drain()
            taken += 1 << 20
    assert taken < wanted


# -- reset -------------------------------------------------------------------------------------------------------------


@in_a_loop
async def test_reset_ends_existing_and_new_connections_at_both_ends(stack: AsyncExitStack) -> None:
    backend, board, talk, port = await talking(stack)
    board.apply("reset")
    with pytest.raises(ConnectionResetError):
        await talk.hear()
    await wait_until_async(lambda: backend.ended == ["reset"])
    with pytest.raises(ConnectionResetError):
        await exchange(port, "b")
    board.revert()
    assert await exchange(port, "c") == "one c"
    assert backend.connections == 2


@in_a_loop
async def test_a_share_of_the_requests_of_one_connection_is_reset(stack: AsyncExitStack) -> None:
    _, board, _, port = await talking(stack)
    board.apply("reset", share=0.1)
    lengths = [await answers_until_reset(stack, port) for _ in range(100)]
    assert 5 <= sum(lengths) / len(lengths) <= 14  # 9 on average, ± 5 standard errors of 0.95
    assert min(lengths) == 0


async def answers_until_reset(stack: AsyncExitStack, port: int) -> int:
    count = 0
    with suppress(ConnectionError):
        talk = await Conversation.begin(stack, port)
        while True:
            talk.say(b"a\n")
            if not await talk.hear():
                break
            count += 1
    return count


@in_a_loop
async def test_a_share_of_nothing_resets_nothing(stack: AsyncExitStack) -> None:
    _, board, talk, port = await talking(stack)
    board.apply("reset", share=0)
    talk.say(b"b\n")
    assert await talk.hear() == b"one b\n"
    assert {await exchange(port, "c") for _ in range(20)} == {"one c"}


# -- blackhole ---------------------------------------------------------------------------------------------------------


@in_a_loop
async def test_blackhole_holds_everything_until_its_end(stack: AsyncExitStack) -> None:
    backend, board, talk, port = await talking(stack)
    board.apply("blackhole")
    other = await Conversation.begin(stack, port)
    for each in (talk, other):
        each.say(b"b\n")
    assert await talk.hears_nothing()
    assert await other.hears_nothing()
    assert backend.connections == 1
    board.revert()
    assert [await talk.hear(), await other.hear()] == [b"one b\n", b"one b\n"]


@in_a_loop
async def test_client_that_gives_up_in_the_blackhole_is_forgotten(stack: AsyncExitStack) -> None:
    backend = Backend("one")
    proxy, port = await proxied(stack, await backend.up(stack))
    Board(proxy).apply("blackhole")
    talk = await Conversation.begin(stack, port)
    talk.say(b"b\n")
    await wait_until_async(lambda: len(proxy.faults.links) == 1)
    talk.hang_up()
    await wait_until_async(lambda: not proxy.faults.links)


@in_a_loop
async def test_a_share_of_the_connections_is_in_the_blackhole(stack: AsyncExitStack) -> None:
    backend = Backend("one")
    proxy, port = await proxied(stack, await backend.up(stack))
    Board(proxy).apply("blackhole", share=0.5)
    talks = [await Conversation.begin(stack, port) for _ in range(60)]
    await wait_until_async(lambda: len(proxy.faults.links) == 60)
    lost = sum(link.to_service.stuck for link in proxy.faults.links)
    assert 11 <= lost <= 49  # fewer or more once in a million seeds
    for talk in talks:
        talk.say(b"b\n")
    answers = await asyncio.gather(*(talk.hears_nothing() for talk in talks))
    assert sum(answers) == lost
    assert Blackhole.parameters["share"].default == 1


# -- HTTP --------------------------------------------------------------------------------------------------------------


class Web:
    """A keep-alive HTTP server: answers with the request's target and body as JSON, chunked for `/chunked`."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def up(self, stack: AsyncExitStack) -> Endpoint:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        stack.callback(server.close)
        port: int = server.sockets[0].getsockname()[1]
        return "127.0.0.1", port

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


# -- several, wrong ones, and the admin port ---------------------------------------------------------------------------


@in_a_loop
async def test_faults_add_up_and_end_one_by_one(stack: AsyncExitStack) -> None:
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


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ({"name": "latency"}, "delay_ms is None"),
        ({"name": "latency", "delay_ms": -1}, "it must be a number from 0 to 60000"),
        ({"name": "bandwidth", "bytes_per_s": 0}, "it must be a number from 1 to"),
        ({"name": "reset", "share": 1.5}, "it must be a number from 0 to 1"),
        ({"name": "http-status", "status": 200}, "it must be a whole number from 400 to 599"),
        ({"name": "http-body", "status": 500}, "http-body has no parameter 'status': it has seed, share"),
        ({"name": "slow"}, "there is bandwidth, blackhole, http-body, http-status, latency, reset"),
    ],
)
def test_wrong_fault_is_refused(fault: dict[str, object], problem: str) -> None:
    @in_a_loop
    async def refuse(_: AsyncExitStack) -> None:
        with pytest.raises(FaultError, match=problem):
            board_of(Proxy("127.0.0.1", 1)).apply({"max_duration_s": 1, **fault})

    refuse()


def test_admin_port_of_the_process_applies_shows_and_ends_faults() -> None:
    port, admin = free_port(), free_port()

    def call(method: str, path: str, body: object = None) -> tuple[int, str]:
        answer = ask("127.0.0.1", path, body, TOKEN, method, admin)
        return answer.status, answer.text

    with process(PORT=str(port), ADMIN_PORT=str(admin), ADMIN_TOKEN="a-token"):
        wait_until(lambda: call("PUT", "/endpoints", {"endpoints": [f"127.0.0.1:{admin}"]})[0] == 200, "it listens")
        wanted = {"id": "mine", "name": "http-status", "status": 500, "max_duration_s": 60}
        assert call("POST", "/faults", wanted) == (201, '{"id":"mine","scope":"deployment"}')
        assert ask("127.0.0.1", "/endpoints", headers=TOKEN, port=port).status == 500
        assert call("GET", "/faults/mine") == (200, '{"id":"mine","active":true}')
        assert call("DELETE", "/faults/mine")[0] == 204
        assert ask("127.0.0.1", "/endpoints", headers=TOKEN, port=port).status == 200
        assert call("POST", "/faults", {**wanted, "id": "short", "max_duration_s": 0.05})[0] == 201
        wait_until(lambda: call("GET", "/faults/short")[1] == '{"id":"short","active":false}')
        assert ask("127.0.0.1", "/endpoints", headers=TOKEN, port=port).status == 200
        assert ask("127.0.0.1", "/faults", wanted, {}, "POST", admin).status == 403
