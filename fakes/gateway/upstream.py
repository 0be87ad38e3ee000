"""Call a service: a deadline per attempt, retries after failures, each attempt through the breaker."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from functools import partial

from prometheus_client import Counter

from fakes.gateway.breaker import Breaker
from fakes.gateway.client import Client, Reply
from fakes.log import Log
from fakes.tracing import CLIENT, Tracer

BACKOFF_S = 0.05


class Failed(Exception):
    """A failed attempt: the status for the caller, and the reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Upstream:
    """One service behind the gateway."""

    name: str
    client: Client
    timeout_s: float
    retries: int
    breaker: Breaker
    attempts: Counter
    log: Log
    tracer: Tracer

    async def call(self, path: str, body: bytes) -> Reply:
        """Call with retries; return the response. Raises Failed of the last attempt, or Rejected."""
        for attempt in range(1, self.retries + 2):
            try:
                return await self.breaker.call(partial(self._traced, path, body, attempt))
            except Failed as failure:
                self.log.warning(f"{failure} (attempt {attempt} of {self.retries + 1})", upstream=self.name)
                if attempt > self.retries:
                    raise
            await asyncio.sleep(BACKOFF_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.0))  # noqa: S311  jitter
        raise AssertionError("the last attempt either returns or raises")

    async def _traced(self, path: str, body: bytes, attempt: int) -> Reply:
        """One attempt in a span of its own; the conventions count the attempts after the first one."""
        with self.tracer.span(f"POST {self.name}", CLIENT) as span:
            if attempt > 1:
                span.note("http.request.resend_count", attempt - 1)
            return await self._attempt(path, body, span.header)

    async def _attempt(self, path: str, body: bytes, parent: str) -> Reply:
        try:
            reply = await self._post(path, body, parent)
        except TimeoutError:
            self._count("timeout")
            raise Failed(
                504, f"request timeout: {self.name} gave no answer within {self.timeout_s * 1000:.0f} ms"
            ) from None
        except OSError as error:
            self._count("unreachable")
            raise Failed(503, f"{self.name} is unreachable: {error or type(error).__name__}") from error
        self._count(str(reply.status))
        if reply.status >= 500:
            status = reply.status if reply.status in (503, 504) else 502
            raise Failed(status, f"{self.name} answered {reply.status}: {reply.body[:200].decode(errors='replace')}")
        return reply

    async def _post(self, path: str, body: bytes, parent: str) -> Reply:
        headers = {"x-deadline-ms": f"{self.timeout_s * 1000:.0f}", **({"traceparent": parent} if parent else {})}
        async with asyncio.timeout(self.timeout_s):
            return await self.client.post(path, body, headers)

    def _count(self, outcome: str) -> None:
        self.attempts.labels(self.name, outcome).inc()
