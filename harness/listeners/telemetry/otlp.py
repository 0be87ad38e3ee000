"""Spans in OTLP/HTTP with JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp), without an SDK."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

from harness.errors import MonitoringError
from harness.http import call
from harness.listeners.telemetry.settings import Settings
from harness.listeners.telemetry.spans import Span

INTERNAL, OK, ERROR = 1, 1, 2
"""`SPAN_KIND_INTERNAL`, `STATUS_CODE_OK` and `STATUS_CODE_ERROR`."""
TIMEOUT_S = 2.0


def export(spans: Sequence[Span], settings: Settings) -> None:
    """Send spans. Raises MonitoringError when they are not accepted."""
    answer = call("POST", settings.traces_url, payload(spans, settings.resource), settings.headers, TIMEOUT_S)
    if not 200 <= answer.status < 300:
        why = f"HTTP {answer.status}" if answer.status else answer.error
        raise MonitoringError(f"{settings.traces_url} takes no spans: {why}; check OTEL_EXPORTER_OTLP_ENDPOINT")


def payload(spans: Sequence[Span], resource: Mapping[str, str]) -> dict[str, object]:
    """The body of a request."""
    scope = {"name": "runbook-gameday", "version": version("runbook-gameday")}
    scoped = {"scope": scope, "spans": [_span(each) for each in spans]}
    return {"resourceSpans": [{"resource": {"attributes": _attributes(resource)}, "scopeSpans": [scoped]}]}


def _span(span: Span) -> dict[str, object]:
    return {
        "traceId": span.trace,
        "spanId": span.id,
        **({"parentSpanId": span.parent} if span.parent else {}),
        "name": span.name,
        "kind": INTERNAL,
        "startTimeUnixNano": _nanoseconds(span.start_s),
        "endTimeUnixNano": _nanoseconds(max(span.start_s, span.end_s)),
        "attributes": _attributes(span.attributes),
        "status": {"code": ERROR if span.failed else OK},
    }


def _nanoseconds(seconds: float) -> str:
    """64-bit integers are text in JSON of Protocol Buffers."""
    return str(round(seconds * 1e6) * 1000)


def _attributes(values: Mapping[str, str | int | float | bool]) -> list[dict[str, object]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: str | float | bool) -> dict[str, object]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case _:
            return {"stringValue": value}
