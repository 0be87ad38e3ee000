"""When the pipes of a proxy are woken: not before their time, by other bytes or else by a timer."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from fakes.forwarding.wakes import Wakes
from tests.support.proxy import in_a_loop
from tests.support.waiting import wait_until_async


@in_a_loop
async def test_timer_wakes_in_order_of_the_times(stack: AsyncExitStack) -> None:
    loop, woken = asyncio.get_running_loop(), list[tuple[str, float]]()
    wakes, began_s = Wakes(loop), loop.time()
    for name, delay_s in (("late", 0.02), ("early", 0.01), ("later", 0.03)):
        wakes.at(began_s + delay_s, lambda name=name: woken.append((name, loop.time() - began_s)))  # type: ignore[misc]
    wakes.at(began_s + 0.005, lambda: woken.append(("never", 0.0))).cancel()
    await wait_until_async(lambda: len(woken) == 3)
    assert [name for name, _ in woken] == ["early", "late", "later"]
    assert all(at_s >= delay_s - 1e-9 for (_, at_s), delay_s in zip(woken, (0.01, 0.02, 0.03), strict=True))
    assert wakes.next_s is None


@in_a_loop
async def test_catch_up_calls_what_is_due_and_nothing_else(stack: AsyncExitStack) -> None:
    loop, woken = asyncio.get_running_loop(), list[str]()
    wakes = Wakes(loop)
    wakes.at(loop.time(), lambda: woken.append("due"))
    wakes.at(loop.time() + 60, lambda: woken.append("not due"))
    wakes.catch_up()
    assert woken == ["due"]
    wakes.catch_up()
    assert woken == ["due"]
    assert wakes.next_s is not None


@in_a_loop
async def test_an_action_may_ask_for_another_wake(stack: AsyncExitStack) -> None:
    loop, woken = asyncio.get_running_loop(), list[str]()
    wakes = Wakes(loop)
    wakes.at(loop.time(), lambda: wakes.at(loop.time() + 0.01, lambda: woken.append("second")) and None)
    wakes.catch_up()
    await wait_until_async(lambda: woken == ["second"])
