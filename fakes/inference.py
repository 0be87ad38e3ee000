"""`inference`: answers prompts behind the gateway. Its capacity is worker slots ÷ service time."""

from __future__ import annotations

import asyncio
import math
import random
import socket
import time
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes.faults.base import Fault
from fakes.faults.slot_loss import SlotLoss
from fakes.faults.slow import Slow
from fakes.metrics import LATENCY_BUCKETS, watch_workers
from fakes.service import Context, Listener
from fakes.settings import number, whole
from fakes.tracing import SERVER
from fakes.web import Health, HttpFront, application
from fakes.workers import Expired, QueueFull, Workers

SPREAD = 0.35
"""Sigma of the log-normal service time: P95 is 1.67 times the mean."""


def build(context: Context) -> Inference:
    """Return the service. Raises SettingError when a variable is wrong."""
    return Inference(context)


class Inference:
    """The inference service; implements `fakes.service.Service`."""

    def __init__(self, context: Context) -> None:
        env = context.env
        self._log, self._tracer = context.log, context.tracer
        self._service_time_s = number(env, "SERVICE_TIME_MS", 100.0, 0.1, 60_000.0) / 1000
        self._workers = Workers(
            whole(env, "WORKER_SLOTS", 10, 1, 10_000), whole(env, "QUEUE_LIMIT", 1000, 0, 1_000_000)
        )
        self._slow = Slow()
        self.faults: Sequence[Fault] = (SlotLoss(self._workers), self._slow)
        registry = CollectorRegistry()
        watch_workers(self._workers, registry)
        self._latency = Histogram(
            "service_latency_histogram", "Seconds from request to answer", registry=registry, buckets=LATENCY_BUCKETS
        )
        self._answers = Counter("requests", "Answers by status", ("status",), registry=registry)
        self._front = HttpFront(
            application([Route("/infer", self._infer, methods=["POST"])], self._health, registry),
        )

    async def start(self) -> None: ...

    async def listen(self, sock: socket.socket) -> Listener:
        return await self._front.listen(sock)

    async def leave(self) -> None: ...

    async def stop(self) -> None: ...

    def _health(self) -> Health:
        return Health(facts={"busy": self._workers.busy, "slots": self._workers.slots, "queued": self._workers.queued})

    async def _infer(self, request: Request) -> Response:
        began = time.monotonic()
        await request.body()
        with self._tracer.span("POST /infer", SERVER, request.headers.get("traceparent", "")) as span:
            answer = await self._answer(began + _deadline_s(request))
            span.end_with(answer.status_code)
        self._latency.observe(time.monotonic() - began)
        self._answers.labels(answer.status_code).inc()
        return answer

    async def _answer(self, deadline: float) -> Response:
        try:
            async with self._workers.slot(deadline) as waited_s:
                work_s = self._job_s()
                await asyncio.sleep(work_s)
        except Expired as late:
            self._log.warning(f"request timeout: {late}", status=504)
            return JSONResponse({"error": f"request timeout: {late}"}, 504)
        except QueueFull:
            self._log.warning("request refused: queue full", status=503, queued=self._workers.queued)
            return JSONResponse({"error": "queue full"}, 503)
        return JSONResponse({"output": "…", "waited_ms": round(waited_s * 1000), "worked_ms": round(work_s * 1000)})

    def _job_s(self) -> float:
        """Return a service time in seconds, log-normally distributed around the mean."""
        mean_s = self._service_time_s * self._slow.factor
        return random.lognormvariate(math.log(mean_s) - SPREAD**2 / 2, SPREAD)


def _deadline_s(request: Request) -> float:
    """Return the caller's deadline in seconds, from its header; infinity without one."""
    text = request.headers.get("x-deadline-ms", "")
    return int(text) / 1000 if text.isdecimal() else math.inf
