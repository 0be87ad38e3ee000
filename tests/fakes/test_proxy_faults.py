"""The faults of a Service's proxy over real sockets, on connections that exist already and on new ones."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress

import pytest

from fakes.faults.base import FaultError
from fakes.faults.blackhole import Blackhole
from fakes.faults.latency import Latency
from fakes.proxy import Proxy
from tests.support.fakes import ask
from tests.support.network import free_port
from tests.support.proxy import (
    TOKEN,
    Backend,
    Board,
    Conversation,
    board_of,
    exchange,
    in_a_loop,
    now_s,
    process,
    proxied,
    talking,
)
from tests.support.waiting import wait_until, wait_until_async

LONG_MS = 60_000.0


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


# -- wrong ones, and the admin port ------------------------------------------------------------------------------------


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
