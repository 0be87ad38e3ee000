"""`tool-service`: runs tools on a few workers; has a store of its tools and a periodic health check."""

from __future__ import annotations

import asyncio
import random
import socket
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes.faults.base import Fault
from fakes.faults.store_down import StoreDown
from fakes.faults.wedge import Wedge
from fakes.metrics import LATENCY_BUCKETS, watch_workers
from fakes.service import Context, Listener
from fakes.settings import number, whole
from fakes.tracing import SERVER
from fakes.web import Health, HttpFront, application
from fakes.workers import QueueFull, Workers

TOOLS = {"search": "find documents", "calculator": "add up", "weather": "look outside", "translate": "say it again"}
CHECK_EVERY_S = 0.5
STALLED_AFTER_S = 1.0


class StoreError(Exception):
    """The store failed; `str(error)` has the reason."""


class Store:
    """The known tools: an SQLite file in the pod's directory, read at every call (about 10 µs)."""

    def __init__(self, path: Path, down: StoreDown) -> None:
        self._path, self._down = path, down

    def open(self) -> None:
        """Create the table. Raises sqlite3.Error."""
        self._db = sqlite3.connect(self._path)
        with self._db:
            self._db.execute("CREATE TABLE IF NOT EXISTS tools (name TEXT PRIMARY KEY, does TEXT NOT NULL)")
            self._db.executemany("INSERT OR REPLACE INTO tools VALUES (?, ?)", TOOLS.items())

    def find(self, name: str) -> str | None:
        """Return the description of a tool; None when there is no such tool. Raises StoreError."""
        if self._down.active:
            raise StoreError("store refuses look-ups")
        try:
            row = self._db.execute("SELECT does FROM tools WHERE name = ?", (name,)).fetchone()
        except sqlite3.Error as error:
            raise StoreError(f"store {self._path.name} failed: {error}") from error
        return row and str(row[0])

    def close(self) -> None:
        self._db.close()


def build(context: Context) -> ToolService:
    """Return the service. Raises SettingError when a variable is wrong."""
    return ToolService(context)


class ToolService:
    """The tool service; implements `fakes.service.Service`."""

    def __init__(self, context: Context) -> None:
        env = context.env
        self._log, self._tracer = context.log, context.tracer
        self._service_time_s = number(env, "SERVICE_TIME_MS", 40.0, 0.1, 60_000.0) / 1000
        self._workers = Workers(whole(env, "WORKER_SLOTS", 8, 1, 10_000), whole(env, "QUEUE_LIMIT", 100, 0, 1_000_000))
        self._wedge, down = Wedge(), StoreDown()
        self.faults: Sequence[Fault] = (self._wedge, down)
        self._store = Store(context.me.app_dir / "tools.db", down)
        self._reason: str | None = None
        registry = CollectorRegistry()
        watch_workers(self._workers, registry)
        self._healthy = Gauge("tool_service_health_check", "1 when the last self-check went well", registry=registry)
        self._latency = Histogram(
            "tool_latency_seconds", "Seconds from call to answer", registry=registry, buckets=LATENCY_BUCKETS
        )
        self._answers = Counter("requests", "Answers by status", ("status",), registry=registry)
        routes = [Route("/tools/{name}", self._call, methods=["POST"])]
        self._front = HttpFront(application(routes, self._check, registry))

    async def start(self) -> None:
        self._store.open()
        self._check()
        self._checking = asyncio.create_task(self._check_periodically())

    async def listen(self, sock: socket.socket) -> Listener:
        return await self._front.listen(sock)

    async def leave(self) -> None: ...

    async def stop(self) -> None:
        self._checking.cancel()
        with suppress(asyncio.CancelledError):
            await self._checking
        self._store.close()

    async def _check_periodically(self) -> None:
        """Run the health check periodically, so that its gauge changes without requests to /health."""
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            self._check()

    def _check(self) -> Health:
        """Check the store and the progress of the workers; log a change and set the gauge."""
        reason = self._failure()
        self._healthy.set(0 if reason else 1)
        if reason and not self._reason:
            self._log.error(f"health check failed: {reason}")
        elif self._reason and not reason:
            self._log.info("health check passed again")
        self._reason = reason
        return Health(reason, {"busy": self._workers.busy, "queued": self._workers.queued})

    def _failure(self) -> str | None:
        try:
            self._store.find("search")
        except StoreError as error:
            return str(error)
        stalled_s = self._workers.stalled_s()
        if stalled_s > STALLED_AFTER_S:
            busy, slots = self._workers.busy, self._workers.slots
            return f"no worker is free: {busy} of {slots} busy and none ended a job for {stalled_s:.1f} s"
        return None

    async def _call(self, request: Request) -> Response:
        began = time.monotonic()
        with self._tracer.span("POST /tools", SERVER, request.headers.get("traceparent", "")) as span:
            answer = await self._answer(request.path_params["name"], await request.body())
            span.end_with(answer.status_code)
        self._latency.observe(time.monotonic() - began)
        self._answers.labels(answer.status_code).inc()
        return answer

    async def _answer(self, name: str, body: bytes) -> Response:
        try:
            async with self._workers.slot():
                return await self._work(name, body)
        except QueueFull:
            return self._unavailable("queue full")
        except StoreError as error:
            return self._unavailable(str(error))

    async def _work(self, name: str, body: bytes) -> Response:
        does = self._store.find(name)
        if does is None:
            return JSONResponse({"error": f"there is no tool {name!r}"}, 404)
        await asyncio.sleep(self._service_time_s * random.uniform(0.5, 1.5))  # noqa: S311  a service time, no secret
        await self._wedge.wait_until_free()
        return JSONResponse({"tool": name, "does": does, "result": f"{len(body)} bytes of arguments"})

    def _unavailable(self, reason: str) -> Response:
        self._log.warning(f"tool call refused: {reason}", status=503)
        return JSONResponse({"error": reason}, 503)
