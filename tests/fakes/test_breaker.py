"""The gateway's circuit breaker while calls that began earlier are still in flight."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from prometheus_client import CollectorRegistry

from fakes.gateway.breaker import Breaker, Meters
from fakes.log import Log

Attempt = Callable[[], Awaitable[str]]


class Broken(Exception):
    """The service failed."""


async def succeed() -> str:
    return "fine"


async def fail() -> str:
    raise Broken


async def outcome(breaker: Breaker, attempt: Attempt) -> str:
    try:
        return await breaker.call(attempt)
    except Broken:
        return "failed"


@pytest.mark.parametrize(("late", "seen"), [(succeed, "fine"), (fail, "failed")])
def test_outcome_of_a_call_from_before_the_breaker_opened_does_not_count(late: Attempt, seen: str) -> None:
    registry = CollectorRegistry()
    breaker = Breaker("upstream", fail_max=2, reset_timeout_s=0, log=Log(), meters=Meters(registry))

    def state() -> float | None:
        return registry.get_sample_value("circuit_breaker_state", {"breaker": "upstream"})

    async def scenario() -> None:
        answered = asyncio.Event()

        async def slow() -> str:
            await answered.wait()
            return await late()

        early = asyncio.create_task(outcome(breaker, slow))
        await asyncio.sleep(0)
        assert [await outcome(breaker, fail) for _ in range(2)] == ["failed", "failed"]
        assert state() == 2
        assert await outcome(breaker, succeed) == "fine"
        assert state() == 0
        assert await outcome(breaker, fail) == "failed"
        answered.set()
        assert await early == seen
        assert state() == 0
        assert await outcome(breaker, fail) == "failed"
        assert state() == 2, "two failures in a row since it closed"

    asyncio.run(scenario())
