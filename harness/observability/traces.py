"""Traces as Jaeger's query API gives them, and the critical path of one: the spans that its duration is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.observability.api import Api

MOST = 200
"""Traces that are read of a window."""
ROUNDS = 8
"""Times that slower traces are asked for."""
RESENDS = "http.request.resend_count"
"""OpenTelemetry's attribute of an HTTP client's span: 0 or absent for the first attempt."""


@dataclass(frozen=True)
class TraceSpan:
    """One span; times in seconds since the epoch. `attempt` counts from 1."""

    id: str
    parent: str
    service: str
    operation: str
    start_s: float
    end_s: float
    failed: bool
    attempt: int

    @property
    def seconds(self) -> float:
        """Its duration."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Trace:
    """One trace with at least one span."""

    id: str
    spans: tuple[TraceSpan, ...]

    @property
    def root(self) -> TraceSpan:
        """The first span whose parent is not part of the trace."""
        known = {span.id for span in self.spans}
        roots = [span for span in self.spans if span.parent not in known]
        return min(roots or self.spans, key=lambda span: span.start_s)

    @property
    def failed(self) -> bool:
        """Whether any span failed."""
        return any(span.failed for span in self.spans)

    def critical_path(self) -> list[TraceSpan]:
        """The spans on which the end of the root depends, in order of their starts.

        From the end of a span backwards: the child that ends last before the present point, then what is before its
        start. A child that goes on after its parent, which has given it up, counts until then. As Jaeger's own view:
        https://www.jaegertracing.io/docs/1.76/frontend-ui/#trace-page.
        """
        children: dict[str, list[TraceSpan]] = {}
        for span in self.spans:
            children.setdefault(span.parent, []).append(span)
        return sorted(_path(self.root, children, set()), key=lambda span: span.start_s)


def _path(span: TraceSpan, children: Mapping[str, Sequence[TraceSpan]], seen: set[str]) -> Iterator[TraceSpan]:
    if span.id in seen:
        return
    seen.add(span.id)
    yield span
    point_s = span.end_s
    ends = {each.id: min(each.end_s, span.end_s) for each in children.get(span.id, ())}
    for child in sorted(children.get(span.id, ()), key=lambda each: ends[each.id], reverse=True):
        if ends[child.id] <= point_s and child.start_s < point_s:
            yield from _path(child, children, seen)
            point_s = child.start_s


def services(api: Api) -> list[str]:
    """The services that have traces. Raises MonitoringError."""
    return [str(each) for each in _list(_data(api, "/api/services"))]


def slowest(api: Api, service: str, start_s: float, end_s: float, *, failed: bool = False) -> list[Trace]:
    """The traces of a service in a window, or the slow ones if there are more than are read: the slowest is among them.

    Jaeger gives the newest ones, which need not be the slow ones: after a breaker has opened, all new requests fail at
    once. Raises MonitoringError.
    """
    found = traces(api, service, start_s, end_s, failed=failed)
    for _ in range(ROUNDS):
        if len(found) < MOST:
            break
        longest_s = max(trace.root.seconds for trace in found)
        if not (slower := traces(api, service, start_s, end_s, failed=failed, longer_s=longest_s)):
            break
        found = slower
    return found


def traces(
    api: Api, service: str, start_s: float, end_s: float, *, failed: bool = False, longer_s: float = 0.0
) -> list[Trace]:
    """The newest traces of a service in a window; `failed`: with an error only; `longer_s`: that took longer than this.

    Raises MonitoringError.
    """
    more = {"tags": '{"error":"true"}'} if failed else {}
    more |= {"minDuration": f"{round(longer_s * 1e6) + 1}us"} if longer_s else {}
    window = {"start": str(round(start_s * 1e6)), "end": str(round(end_s * 1e6)), "limit": str(MOST)}
    found = _list(_data(api, "/api/traces", service=service, **window, **more))
    return [trace for each in found if (trace := _trace(each)).spans]


def _data(api: Api, path: str, **parameters: str) -> object:
    answer = api.get(path, **parameters)
    if not isinstance(answer, Mapping) or "data" not in answer:
        raise api.error(f"{path} answered without `data`; is that the query API of a Jaeger?")
    return answer["data"]


def _trace(data: object) -> Trace:
    whole = data if isinstance(data, Mapping) else {}
    processes = whole.get("processes")
    names = {
        key: str(each.get("serviceName", ""))
        for key, each in (processes.items() if isinstance(processes, Mapping) else ())
        if isinstance(each, Mapping)
    }
    spans = tuple(_span(each, names) for each in _list(whole.get("spans")) if isinstance(each, Mapping))
    return Trace(str(whole.get("traceID", "")), spans)


def _span(data: Mapping[str, object], names: Mapping[str, str]) -> TraceSpan:
    tags = {str(each.get("key")): each.get("value") for each in _mappings(data.get("tags"))}
    parents = [
        str(each.get("spanID")) for each in _mappings(data.get("references")) if each.get("refType") == "CHILD_OF"
    ]
    start_s = float(str(data.get("startTime", 0))) / 1e6
    return TraceSpan(
        id=str(data.get("spanID", "")),
        parent=parents[0] if parents else "",
        service=names.get(str(data.get("processID")), ""),
        operation=str(data.get("operationName", "")),
        start_s=start_s,
        end_s=start_s + float(str(data.get("duration", 0))) / 1e6,
        failed=str(tags.get("error", "")).lower() == "true" or tags.get("otel.status_code") == "ERROR",
        attempt=int(str(tags.get(RESENDS, 0))) + 1,
    )


def _list(data: object) -> list[object]:
    return data if isinstance(data, list) else []


def _mappings(data: object) -> list[Mapping[str, object]]:
    return [each for each in _list(data) if isinstance(each, Mapping)]
