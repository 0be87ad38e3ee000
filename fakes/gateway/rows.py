"""Write a row for every request to PostgreSQL, in batches, after the response."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

import asyncpg
from prometheus_client import CollectorRegistry, Counter

from fakes.log import Log
from fakes.tracing import CLIENT, Tracer

QUEUE_LIMIT = 10_000
BATCH = 500
FLUSH_EVERY_S = 0.1
RETRY_AFTER_S = 1.0
COMMAND_TIMEOUT_S = 5.0
LOCK = 7_305_112
TABLE = """CREATE TABLE IF NOT EXISTS requests (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, pod text NOT NULL, tenant text NOT NULL,
  route text NOT NULL, status int NOT NULL, latency_ms double precision NOT NULL)"""
INSERT = "INSERT INTO requests (at, pod, tenant, route, status, latency_ms) VALUES ($1, $2, $3, $4, $5, $6)"


class Row(NamedTuple):
    """The row of one request."""

    at: datetime
    pod: str
    tenant: str
    route: str
    status: int
    latency_ms: float


class Rows:
    """Bounded queue of rows before a connection pool. An unreachable database loses rows (counted), never responses."""

    def __init__(self, url: str, log: Log, registry: CollectorRegistry, tracer: Tracer) -> None:
        self._url, self._log, self._tracer = url, log, tracer
        self._waiting: deque[Row] = deque()
        self._some = asyncio.Event()
        self._pool: asyncpg.Pool | None = None
        self._written = Counter("rows_written", "Rows that are in the database", registry=registry)
        self._dropped = Counter("rows_dropped", "Rows that found the queue full", registry=registry)

    def start(self) -> None:
        self._task = asyncio.create_task(self._write_periodically())

    def add(self, pod: str, tenant: str, route: str, status: int, latency_ms: float) -> None:
        """Queue a row without waiting; drop it, counted, when the queue is full."""
        if len(self._waiting) >= QUEUE_LIMIT:
            self._dropped.inc()
            return
        self._waiting.append(Row(datetime.now(UTC), pod, tenant, route, status, latency_ms))
        self._some.set()

    async def stop(self) -> None:
        """Write the queued rows once, and disconnect."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await self._try_to_write()
        if self._pool is not None:
            await self._pool.close()

    async def _write_periodically(self) -> None:
        while True:
            await self._some.wait()
            await asyncio.sleep(FLUSH_EVERY_S)
            self._some.clear()
            if not await self._try_to_write():
                self._some.set()
                await asyncio.sleep(RETRY_AFTER_S)

    async def _try_to_write(self) -> bool:
        try:
            pool = await self._connected()
            while self._waiting:
                batch = [self._waiting[index] for index in range(min(BATCH, len(self._waiting)))]
                with self._tracer.span("INSERT into PostgreSQL", CLIENT) as span:
                    span.note("rows", len(batch))
                    await pool.executemany(INSERT, batch, timeout=COMMAND_TIMEOUT_S)
                for _ in batch:
                    self._waiting.popleft()
                self._written.inc(len(batch))
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            self._log.warning(f"database is away: {error!r}", rows_waiting=len(self._waiting))
            return False
        return True

    async def _connected(self) -> asyncpg.Pool:
        if self._pool is None:
            pool = await asyncpg.create_pool(self._url, min_size=1, max_size=2, command_timeout=COMMAND_TIMEOUT_S)
            async with pool.acquire() as connection, connection.transaction():
                # Two gateways that create the same table at once would fail in the catalogue: one after the other.
                await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
                await connection.execute(TABLE)
            self._pool = pool
        return self._pool
