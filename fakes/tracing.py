"""Traces by OTLP/HTTP with JSON, in the names of OpenTelemetry's conventions, without its SDK.

One request in 20 is sampled at its root, and everything that failed is kept. `traceparent` (W3C Trace Context) goes
from service to service. Off without OTEL_EXPORTER_OTLP_ENDPOINT: then no span is made.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from fakes.log import Log
from fakes.settings import Env, Identity, SettingError, number

INTERNAL, SERVER, CLIENT = 1, 2, 3
"""`SPAN_KIND_INTERNAL`, `SPAN_KIND_SERVER` and `SPAN_KIND_CLIENT`."""
SHARE = 0.05
FLUSH_EVERY_S = 5.0
"""As in OpenTelemetry's SDKs (`OTEL_BSP_SCHEDULE_DELAY`)."""
WAITING = 2000
"""Most spans that wait for the collector; later ones are lost, never a response."""
_PARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
Value = str | int


class Span:
    """One span, around a block as a context manager; an exception marks it, and so its trace, as failed.

    Every request has some, of which few are sent: so what one that is forgotten does not need is made later.
    """

    ended_ns = 0
    failed = False
    _id = ""
    _trace = _parent = ""
    """Of the first span: the ids of the trace, and of the caller's span."""
    _attributes: dict[str, Value] | None = None
    _ended: list[Span] | None = None
    """Of the first span: the spans inside of it that have ended."""

    def __init__(self, tracer: Tracer, name: str, kind: int, outer: Span | None, header: str, *, sampled: bool) -> None:
        self._tracer, self.name, self.kind, self._outer, self._header = tracer, name, kind, outer, header
        self.sampled = sampled
        self._first: Span | None = outer._first or outer if outer else None

    def __enter__(self) -> Self:
        self._token = _present.set(self)
        self.began_ns = time.time_ns()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _present.reset(self._token)
        self.ended_ns = time.time_ns()
        if kind is not None:
            self.failed = True
        if first := self._first:
            first._end_inside(self)
        elif self.sampled or self.failed or (self._ended and any(each.failed for each in self._ended)):
            self._tracer.put([*(self._ended or ()), self])
        self._ended = None  # or they would refer to each other until the garbage collector finds them

    def _end_inside(self, span: Span) -> None:
        if self._ended is None:
            self._ended = []
        self._ended.append(span)

    def note(self, key: str, value: Value) -> None:
        """Add an attribute."""
        if self._attributes is None:
            self._attributes = {}
        self._attributes[key] = value

    def end_with(self, status: int) -> None:
        """Note the status of an HTTP answer; from 500 on it is an error."""
        self.note("http.response.status_code", status)
        self.failed = self.failed or status >= 500

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits."""
        if not self._id:
            self._id = f"{random.getrandbits(64):016x}"
        return self._id

    @property
    def header(self) -> str:
        """The value of `traceparent` for a call."""
        return f"00-{(self._first or self).trace}-{self.id}-{'01' if self.sampled else '00'}"

    @property
    def trace(self) -> str:
        """Of the first span: the id of its trace, 32 hexadecimal digits, as the caller says, or a new one."""
        if not self._trace:
            match = _PARENT.fullmatch(self._header)
            self._trace, self._parent = (match[1], match[2]) if match else (f"{random.getrandbits(128):032x}", "")
        return self._trace

    def to_json(self) -> dict[str, object]:
        """As OTLP has it in JSON."""
        trace = (self._first or self).trace
        parent = self._outer.id if self._outer else self._parent
        return {
            "traceId": trace,
            "spanId": self.id,
            **({"parentSpanId": parent} if parent else {}),
            "name": self.name,
            "kind": self.kind,
            "startTimeUnixNano": str(self.began_ns),
            "endTimeUnixNano": str(self.ended_ns),
            "attributes": _attributes(self._attributes or {}),
            "status": {"code": 2} if self.failed else {},
        }


class NoSpan:
    """Stands for every span of a pod that traces nothing."""

    header = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def note(self, key: str, value: Value) -> None:
        """Forget it."""

    def end_with(self, status: int) -> None:
        """Forget it."""


NO_SPAN = NoSpan()
_present: ContextVar[Span | None] = ContextVar("span", default=None)
"""The innermost span of this task in this process."""


class Tracer:
    """Makes the spans of one pod. Thread-safe where it has to be: only the queue is shared with the exporter."""

    def __init__(self, env: Env, me: Identity, log: Log) -> None:
        """Raises SettingError for a variable that cannot be used."""
        endpoint = env.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
        self._share = number(env, "OTEL_TRACES_SAMPLER_ARG", SHARE, 0.0, 1.0)
        self._exporter = Exporter(endpoint, _resource(env, me), log) if endpoint else None

    def span(self, name: str, kind: int, header: str = "") -> Span | NoSpan:
        """A span to put around a block. `header`: the `traceparent` of the caller."""
        if self._exporter is None:
            return NO_SPAN
        if outer := _present.get():
            return Span(self, name, kind, outer, "", sampled=outer.sampled)
        # What decides is the last part of the caller's header; without one, a draw.
        sampled = header[-2:] == "01" if header else random.random() < self._share  # noqa: S311  a sample, no secret
        return Span(self, name, kind, None, header, sampled=sampled)

    def failed(self, name: str, seconds: float, **attributes: Value) -> None:
        """Note that something inside the present span has just failed: a span that would rarely be sent otherwise."""
        if outer := _present.get():
            span = Span(self, name, INTERNAL, outer, "", sampled=outer.sampled)
            span.failed, span.ended_ns = True, time.time_ns()
            span.began_ns = span.ended_ns - round(seconds * 1e9)
            span._attributes = attributes
            (outer._first or outer)._end_inside(span)

    def put(self, spans: list[Span]) -> None:
        """Send spans soon; never waits."""
        if self._exporter:
            self._exporter.put(spans)

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
        scoped = {"scope": {"name": "fakes"}, "spans": [span.to_json() for span in spans]}
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


def _attributes(values: Mapping[str, Value]) -> list[dict[str, object]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in values.items()
    ]
