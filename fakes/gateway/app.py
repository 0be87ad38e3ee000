"""The `api-gateway` service: check the tenant, validate, forward, answer, write a row."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes import tenants
from fakes.faults.base import Fault
from fakes.gateway.breaker import Breaker, Meters, Rejected
from fakes.gateway.client import Client, Reply
from fakes.gateway.rows import Rows
from fakes.gateway.upstream import Failed, Upstream
from fakes.gateway.validation import Refused, Validator
from fakes.metrics import LATENCY_BUCKETS
from fakes.service import Context, Listener
from fakes.settings import Env, number, whole
from fakes.tracing import SERVER
from fakes.web import Health, HttpFront, application

MAX_MS = 3_600_000


def build(context: Context) -> Gateway:
    """Return the service. Raises SettingError when a variable is wrong."""
    return Gateway(context)


class Gateway:
    """The gateway; implements `fakes.service.Service`."""

    faults: Sequence[Fault] = ()

    def __init__(self, context: Context) -> None:
        self._name, self._log, self._tracer = context.me.name, context.log, context.tracer
        registry = CollectorRegistry()
        self._tenants = tenants.load(context.me.app_dir)
        self._validator = Validator(context.env, context.me.app_dir, self._tenants, context.log, registry)
        self._inference, self._tools = self._upstreams(context.env, registry)
        self._rows = (
            Rows(url, context.log, registry, context.tracer) if (url := context.env.get("DATABASE_URL")) else None
        )
        self._latency = Histogram(
            "service_latency_histogram", "Seconds from request to answer", ("route",), registry=registry,
            buckets=LATENCY_BUCKETS,
        )  # fmt: skip
        self._answers = Counter("requests", "Answers by route and status", ("route", "status"), registry=registry)
        routes = [
            Route("/v1/infer", self._infer, methods=["POST"]),
            Route("/v1/tools/{name}", self._tool, methods=["POST"]),
        ]
        self._front = HttpFront(application(routes, Health, registry))

    async def start(self) -> None:
        if self._rows:
            self._rows.start()

    async def listen(self, sock: socket.socket) -> Listener:
        return await self._front.listen(sock)

    async def leave(self) -> None: ...

    async def stop(self) -> None:
        for upstream in (self._inference, self._tools):
            upstream.client.close()
        if self._rows:
            await self._rows.stop()

    def _upstreams(self, env: Env, registry: CollectorRegistry) -> tuple[Upstream, Upstream]:
        threshold = whole(env, "CIRCUIT_BREAKER_THRESHOLD", 5, 1, 1_000_000)
        reset_s = number(env, "CIRCUIT_BREAKER_TIMEOUT", 30_000, 1, MAX_MS) / 1000
        meters = Meters(registry)
        attempts = Counter("upstream_attempts", "Calls onward", ("upstream", "outcome"), registry=registry)

        def upstream(name: str, breaker: str, url: str, timeout_s: float, retries: int) -> Upstream:
            guard = Breaker(breaker, threshold, reset_s, self._log, meters)
            return Upstream(name, Client(url), timeout_s, retries, guard, attempts, self._log, self._tracer)

        return (
            upstream(
                "inference", "inference", env.get("INFERENCE_URL", "http://127.0.0.1:8081"),
                number(env, "TIMEOUT_THRESHOLD_MS", 5000, 1, MAX_MS) / 1000, whole(env, "MAX_RETRIES", 3, 0, 100),
            ),
            upstream(
                "tool-service", "tools", env.get("TOOL_SERVICE_URL", "http://127.0.0.1:8082"),
                number(env, "TOOL_TIMEOUT_MS", 30_000, 1, MAX_MS) / 1000, whole(env, "TOOL_RETRY_ATTEMPTS", 3, 0, 100),
            ),
        )  # fmt: skip

    async def _infer(self, request: Request) -> Response:
        return await self._answer(request, "infer", self._inference, "/infer")

    async def _tool(self, request: Request) -> Response:
        return await self._answer(request, "tools", self._tools, f"/tools/{request.path_params['name']}")

    async def _answer(self, request: Request, route: str, upstream: Upstream, path: str) -> Response:
        """Handle one request; measure it and write its row."""
        began = time.monotonic()
        tenant = request.headers.get("x-tenant", "")
        with self._tracer.span(f"POST {route}", SERVER, request.headers.get("traceparent", "")) as span:
            span.note("tenant", tenant)
            answer = await self._forward(request, tenant, route, upstream, path)
            span.end_with(answer.status_code)
        took_s = time.monotonic() - began
        self._latency.labels(route).observe(took_s)
        self._answers.labels(route, answer.status_code).inc()
        if self._rows:
            self._rows.add(self._name, tenant, route, answer.status_code, round(took_s * 1000, 1))
        return answer

    async def _forward(self, request: Request, tenant: str, route: str, upstream: Upstream, path: str) -> Response:
        began = time.monotonic()
        try:
            if tenant not in self._tenants:
                raise Refused(403, "unknown tenant" if tenant else "the header X-Tenant is missing")
            body = await self._validator.check(tenant, route, await request.body())
            reply = await upstream.call(path, json.dumps(body).encode())
        except Refused as refusal:
            self._tracer.failed("validate", time.monotonic() - began, refusal=str(refusal))
            if refusal.status != 400:  # the validator has logged those
                self._log.warning(str(refusal), status=refusal.status, route=route)
            return _refusal(refusal)
        except Rejected:
            reason = f"circuit breaker open: {upstream.name} is not called"
            return self._failure(503, reason, route)
        except Failed as failure:
            return self._failure(failure.status, str(failure), route)
        return _response(reply)

    def _failure(self, status: int, reason: str, route: str) -> Response:
        self._log.warning(f"request failed: {reason}", status=status, route=route)
        return JSONResponse({"error": reason}, status)


def _refusal(refusal: Refused) -> Response:
    violations = [{"field": violation.field, "rule": violation.rule} for violation in refusal.violations]
    return JSONResponse({"error": str(refusal), "violations": violations}, refusal.status)


def _response(reply: Reply) -> Response:
    return Response(reply.body, reply.status, media_type="application/json")
