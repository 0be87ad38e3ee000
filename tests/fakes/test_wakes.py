"""When the pipes of a proxy are woken: not before their time, by other bytes or else by a timer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from fakes.forwarding.wakes import Wakes
from tests.support.proxy import in_a_loop
from tests.support.waiting import wait_until_async


@dataclass
class Sleeper:
    """Calls `do` when it is woken."""

    do: Callable[[], None]
    wake_s: float = 0.0

    def wake(self) -> None:
        self.do()


@in_a_loop
async def test_timer_wakes_in_order_of_the_times(stack: AsyncExitStack) -> None:
    loop, woken = asyncio.get_running_loop(), list[tuple[float, float]]()
    wakes, began_s = Wakes(loop), loop.time()

    def sleep(delay_s: float) -> Sleeper:
        made = Sleeper(lambda: woken.append((delay_s, loop.time() - began_s)))
        wakes.at(began_s + delay_s, made)
        return made

    sleep(0.02), sleep(0.01), sleep(0.03)
    sleep(0.005).wake_s = 9e9
    assert wakes.waiting
    await wait_until_async(lambda: len(woken) == 3)
    assert [delay_s for delay_s, _ in woken] == [0.01, 0.02, 0.03]
    assert all(at_s >= delay_s - 1e-9 for delay_s, at_s in woken)
    assert not wakes.waiting


@in_a_loop
async def test_catch_up_wakes_what_is_due_and_nothing_else(stack: AsyncExitStack) -> None:
    loop, woken = asyncio.get_running_loop(), list[str]()
    wakes, later = Wakes(loop), Sleeper(lambda: woken.append("not due"))
    wakes.at(loop.time(), Sleeper(lambda: woken.append("due")))
    wakes.at(loop.time() + 60, later)
    for _ in range(2):
        wakes.catch_up()
        assert woken == ["due"]
    wakes.sweep()
    assert wakes.waiting
    later.wake_s = 0.0
    wakes.sweep()
    assert not wakes.waiting


@in_a_loop
async def test_what_is_woken_may_sleep_again(stack: AsyncExitStack) -> None:
    loop, woken = asyncio.get_running_loop(), list[str]()
    wakes = Wakes(loop)
    wakes.at(loop.time(), Sleeper(lambda: wakes.at(loop.time() + 0.01, Sleeper(lambda: woken.append("again")))))
    wakes.catch_up()
    await wait_until_async(lambda: woken == ["again"])
