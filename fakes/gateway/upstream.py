"""Calls onward: a deadline for each attempt, further attempts after a failed one, each under the breaker."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from prometheus_client import Counter

from fakes.gateway.breaker import Breaker
from fakes.log import Log

MAX_AGE_S = 2.0
IDLE_S = 1.0
BACKOFF_S = 0.05


class Failed(Exception):
    """An attempt that failed: the status for our caller, and why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Reply:
    """An answer below 500."""

    status: int
    body: bytes


class Sessions:
    """A kept-alive connection never sees a new replica, so a session takes new calls for MAX_AGE_S only."""

    def __init__(self) -> None:
        self._current: _Session | None = None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[aiohttp.ClientSession]:
        """The session of the moment, which lives on until its last call has ended."""
        held = self._current
        if held is None or time.monotonic() >= held.old_at:
            await self.close()
            held = self._current = _Session()
        held.calls += 1
        try:
            yield held.client
        finally:
            held.calls -= 1
            if held is not self._current:
                await held.close_if_idle()

    async def close(self) -> None:
        """No further calls through the present session."""
        held, self._current = self._current, None
        if held is not None:
            await held.close_if_idle()


class _Session:
    def __init__(self) -> None:
        self.client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
        )
        self.old_at = time.monotonic() + MAX_AGE_S
        self.calls = 0

    async def close_if_idle(self) -> None:
        if not self.calls:
            await self.client.close()


@dataclass(frozen=True)
class Upstream:
    """One service behind the gateway."""

    name: str
    url: str
    timeout_s: float
    retries: int
    breaker: Breaker
    sessions: Sessions
    attempts: Counter
    log: Log

    async def call(self, path: str, body: bytes) -> Reply:
        """Raises Failed (the last attempt's) and Shed."""
        for attempt in range(1, self.retries + 2):
            try:
                return await self.breaker.call(lambda: self._attempt(path, body))
            except Failed as failure:
                self.log.warning(f"{failure} (attempt {attempt} of {self.retries + 1})", upstream=self.name)
                if attempt > self.retries:
                    raise
            await asyncio.sleep(BACKOFF_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.0))  # noqa: S311  jitter
        raise AssertionError("the last attempt either returns or raises")

    async def _attempt(self, path: str, body: bytes) -> Reply:
        try:
            reply = await self._post(path, body)
        except TimeoutError:
            self._count("timeout")
            raise Failed(
                504, f"request timeout: {self.name} gave no answer within {self.timeout_s * 1000:.0f} ms"
            ) from None
        except (aiohttp.ClientError, OSError) as error:
            self._count("unreachable")
            raise Failed(503, f"{self.name} is unreachable: {error or type(error).__name__}") from error
        self._count(str(reply.status))
        if reply.status >= 500:
            status = reply.status if reply.status in (503, 504) else 502
            raise Failed(status, f"{self.name} answered {reply.status}: {reply.body[:200].decode(errors='replace')}")
        return reply

    async def _post(self, path: str, body: bytes) -> Reply:
        headers = {"content-type": "application/json", "x-deadline-ms": f"{self.timeout_s * 1000:.0f}"}
        async with (
            self.sessions.session() as session,
            session.post(
                self.url + path, data=body, headers=headers, timeout=aiohttp.ClientTimeout(total=self.timeout_s)
            ) as response,
        ):
            return Reply(response.status, await response.read())

    def _count(self, outcome: str) -> None:
        self.attempts.labels(self.name, outcome).inc()
