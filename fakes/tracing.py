"""Traces by OTLP/HTTP with JSON, in the names of OpenTelemetry's conventions, without its SDK.

One request in 20 is sampled at its root, and everything that failed is kept. `traceparent` (W3C Trace Context) goes
from service to service. Off without OTEL_EXPORTER_OTLP_ENDPOINT: then a span is one object that is forgotten.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fakes.log import Log
from fakes.settings import Env, Identity, SettingError, number

SERVER, CLIENT = 2, 3
"""`SPAN_KIND_SERVER` and `SPAN_KIND_CLIENT`."""
SHARE = 0.05
FLUSH_EVERY_S = 3.0
WAITING = 2000
"""Most spans that wait for the collector; later ones are lost, never a response."""
_PARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
Value = str | int


@dataclass
class Span:
    """One span. `failed` marks it, and so its trace, as an error."""

    name: str
    kind: int
    trace: str
    parent: str
    sampled: bool
    id: str = field(default_factory=lambda: f"{random.getrandbits(64):016x}")
    began_ns: int = field(default_factory=time.time_ns)
    ended_ns: int = 0
    failed: bool = False
    attributes: dict[str, Value] = field(default_factory=dict)
    below: list[Span] = field(default_factory=list)
    """At the first span of a process: all those that ended in it."""

    def end_with(self, status: int) -> None:
        """Note the status of an HTTP answer; from 500 on it is an error."""
        self.attributes["http.response.status_code"] = status
        self.failed = self.failed or status >= 500

    @property
    def header(self) -> str:
        """The value of `traceparent` for a call; "" if nothing is traced."""
        return f"00-{self.trace}-{self.id}-{'01' if self.sampled else '00'}" if self.trace else ""


_present: ContextVar[tuple[Span, Span] | None] = ContextVar("span", default=None)
"""The first span of this task in this process, and the innermost one."""


class Tracer:
    """Makes the spans of one pod. Thread-safe where it has to be: only the queue is shared with the exporter."""

    def __init__(self, env: Env, me: Identity, log: Log) -> None:
        """Raises SettingError for a variable that cannot be used."""
        endpoint = env.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
        self._share = number(env, "OTEL_TRACES_SAMPLER_ARG", SHARE, 0.0, 1.0)
        self._exporter = Exporter(endpoint, _resource(env, me), log) if endpoint else None

    @contextmanager
    def span(self, name: str, kind: int, header: str = "", **attributes: Value) -> Iterator[Span]:
        """A span around a block; an exception marks it as failed. `header`: the `traceparent` of the caller."""
        if self._exporter is None:
            yield Span("", kind, "", "", sampled=False, id="", began_ns=0)
            return
        outer = _present.get()
        span = self._begin(name, kind, outer[1] if outer else None, header)
        span.attributes.update(attributes)
        first = outer[0] if outer else span
        token = _present.set((first, span))
        try:
            yield span
        except BaseException:
            span.failed = True
            raise
        finally:
            _present.reset(token)
            span.ended_ns = time.time_ns()
            first.below.append(span)
            if first is span and (span.sampled or any(each.failed for each in span.below)):
                self._exporter.put(span.below)

    def _begin(self, name: str, kind: int, outer: Span | None, header: str) -> Span:
        if outer:
            return Span(name, kind, outer.trace, outer.id, outer.sampled)
        if match := _PARENT.fullmatch(header):
            return Span(name, kind, match[1], match[2], match[3] == "01")
        sampled = random.random() < self._share  # noqa: S311  a sample, no secret
        return Span(name, kind, f"{random.getrandbits(128):032x}", "", sampled)

    def flush(self) -> None:
        """Send what waits; called at the end of the pod."""
        if self._exporter:
            self._exporter.flush()


class Exporter:
    """Sends spans every few seconds from a thread of its own. A collector that is away loses spans (logged once)."""

    def __init__(self, endpoint: str, resource: Mapping[str, str], log: Log) -> None:
        parts = urlsplit(endpoint)
        if parts.scheme != "http" or not parts.hostname:
            raise SettingError(f"OTEL_EXPORTER_OTLP_ENDPOINT is {endpoint!r}: it must be http://HOST:PORT")
        self._host, self._port, self._path = parts.hostname, parts.port or 4318, f"{parts.path.rstrip('/')}/v1/traces"
        self._resource, self._log = _attributes(resource), log
        self._waiting: deque[Span] = deque(maxlen=WAITING)
        self._away = False
        threading.Thread(target=self._run, daemon=True, name="spans").start()

    def put(self, spans: list[Span]) -> None:
        """Queue spans; never waits."""
        self._waiting.extend(spans)

    def flush(self) -> None:
        """Send what waits now."""
        spans = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not spans:
            return
        scoped = {"scope": {"name": "fakes"}, "spans": [*map(_json, spans)]}
        body = json.dumps({"resourceSpans": [{"resource": {"attributes": self._resource}, "scopeSpans": [scoped]}]})
        connection = http.client.HTTPConnection(self._host, self._port, timeout=2)
        try:
            connection.request("POST", self._path, body, {"Content-Type": "application/json"})
            status = connection.getresponse().status
            self._note("" if status < 300 else f"HTTP {status}")
        except (OSError, http.client.HTTPException) as error:
            self._note(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    def _run(self) -> None:
        while True:
            time.sleep(FLUSH_EVERY_S)
            self.flush()

    def _note(self, why: str) -> None:
        if why and not self._away:
            self._log.warning(f"the collector of traces takes no spans: {why}")
        self._away = bool(why)


def _resource(env: Env, me: Identity) -> dict[str, str]:
    return {
        "service.name": me.deployment,
        "service.instance.id": me.name,
        "service.namespace": env.get("NAMESPACE", ""),
    }


def _json(span: Span) -> dict[str, object]:
    return {
        "traceId": span.trace,
        "spanId": span.id,
        **({"parentSpanId": span.parent} if span.parent else {}),
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.began_ns),
        "endTimeUnixNano": str(span.ended_ns),
        "attributes": _attributes(span.attributes),
        "status": {"code": 2} if span.failed else {},
    }


def _attributes(values: Mapping[str, Value]) -> list[dict[str, object]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in values.items()
    ]
