"""Jaeger lines by the query API, against a small server that answers as Jaeger does."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from harness.observability.api import Api
from harness.observability.boards import Found, Window
from harness.observability.trace_lines import check_traces
from harness.observability.traces import MOST, traces
from tests.support.answering import Answering, Asked, answering

WINDOW = Window(1000.0, 1060.0)


NOTHING: Mapping[str, object] = MappingProxyType({})
FAILED = {"error": True}


def span(
    id_: str, parent: str, at_s: float, seconds: float, process: str = "p1", tags: Mapping[str, object] = NOTHING
) -> dict[str, Any]:
    """A span as Jaeger's JSON has it."""
    references = [{"refType": "CHILD_OF", "traceID": "t", "spanID": parent}] if parent else []
    keyed = [{"key": key, "value": value} for key, value in tags.items()]
    return {
        "spanID": id_, "operationName": f"call {id_}", "references": references, "startTime": round(at_s * 1e6),
        "duration": round(seconds * 1e6), "processID": process, "tags": keyed,
    }  # fmt: skip


def trace(id_: str, *spans: dict[str, Any]) -> dict[str, Any]:
    processes = {"p1": {"serviceName": "api-gateway"}, "p2": {"serviceName": "tool-service"}}
    return {"traceID": id_, "spans": [*spans], "processes": processes}


RETRIED = trace(
    "t1",
    span("a", "", 1010, 10.0, tags=FAILED),
    span("b", "a", 1010.1, 4.0, tags=FAILED),
    span("c", "a", 1014.2, 5.7, tags={"http.request.resend_count": 1, **FAILED}),
    span("d", "c", 1014.3, 5.5, "p2"),
    span("aside", "a", 1014.2, 1.0),
)


def jaeger(*found: dict[str, Any]) -> Any:
    """A server with these traces, each in the window in which its first span begins."""

    def answer(asked: Asked) -> tuple[int, object]:
        if asked.path == "/api/services":
            return 200, {"data": ["api-gateway", "tool-service"]}
        low, high = int(asked.query["start"]), int(asked.query["end"])
        inside = [each for each in found if low <= each["spans"][0]["startTime"] < high]
        if "tags" in asked.query:
            inside = [
                each for each in inside if any(tag["key"] == "error" for one in each["spans"] for tag in one["tags"])
            ]
        if "minDuration" in asked.query:
            least = int(asked.query["minDuration"].removesuffix("us"))
            inside = [each for each in inside if each["spans"][0]["duration"] >= least]
        return 200, {"data": inside[-int(asked.query["limit"]) :]}

    return answering(answer)


def checked(server: Answering, name: str = "Service traces") -> Found:
    return check_traces(Api("Jaeger", server.url, "--jaeger-url"), name, "api-gateway", WINDOW)


def test_a_failing_trace_is_found_with_its_critical_path() -> None:
    with jaeger(RETRIED, trace("t2", span("z", "", 1020, 1.0))) as server:
        found = checked(server)
    assert found.verdict == "ok"
    assert found.why == (
        "a failing trace of api-gateway is found: t1, critical path api-gateway call a 10.00 s failed → "
        "api-gateway call b 4.00 s failed → api-gateway call c attempt 2 5.70 s failed → tool-service call d 5.50 s"
    )


def test_the_slow_failing_trace_is_found_among_more_than_are_read() -> None:
    fast = [trace(f"f{number}", span("z", "", 1020 + number / 20, 0.01, tags=FAILED)) for number in range(MOST + 50)]
    slower = [trace(f"s{number}", span("z", "", 1012 + number / 100, 0.2, tags=FAILED)) for number in range(MOST + 50)]
    with jaeger(RETRIED, *slower, *fast) as server:
        found = checked(server)
    assert found.why.startswith("a failing trace of api-gateway is found: t1, critical path api-gateway call a 10.00 s")


def test_failing_traces_are_those_of_the_incident_if_more_fail_than_before() -> None:
    before = [trace(f"b{number}", span("z", "", 945 + number, 0.1, tags=FAILED)) for number in range(50)]
    often = [trace(f"o{number}", span("z", "", 1000 + number / 5, 0.1, tags=FAILED)) for number in range(250)]
    with jaeger(*before, *often) as server:
        found = checked(server)
    assert found.verdict == "ok"
    assert found.why.endswith("; 4.0 of them a second, before it 0.8")
    as_before = [trace(f"a{number}", span("z", "", 1001 + number, 0.1, tags=FAILED)) for number in range(50)]
    with jaeger(*before, *as_before) as server:
        found = checked(server)
    assert (found.verdict, found.why) == (
        "failed",
        "api-gateway has 50 traces in the incident, no more of them fail than before it (0.8 a second), and none is "
        "slower than the 0.10 s before it",
    )


def test_a_slow_trace_is_one_slower_than_before() -> None:
    before, slow = trace("t0", span("y", "", 960, 0.4)), trace("t1", span("z", "", 1010, 3.0))
    with jaeger(before, slow) as server:
        found = checked(server)
    assert (found.verdict, found.why) == (
        "ok",
        "a slow trace of api-gateway is found: t1, critical path api-gateway call z 3.00 s; before it at most 0.40 s",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "fact"),
    [
        ((), "api-gateway has no trace in the incident"),
        ((trace("t1", span("z", "", 1010, 0.3)), trace("t0", span("y", "", 960, 0.4))),
         "has 1 trace in the incident, none of which failed or is slower than the 0.40 s before it"),
        ((trace("t1", span("z", "", 1010, 9.0)),), "known to be slow: there is none before it"),
    ],
)  # fmt: skip
def test_without_the_trace_of_the_incident_a_line_fails(found: tuple[dict[str, Any], ...], fact: str) -> None:
    with jaeger(*found) as server:
        answer = checked(server)
    assert answer.verdict == "failed"
    assert fact in answer.why


def test_a_call_that_was_given_up_is_on_the_critical_path() -> None:
    given_up = trace(
        "t1",
        span("a", "", 1010, 5.0, tags=FAILED),
        span("b", "a", 1010.1, 4.9, tags=FAILED),
        span("c", "b", 1010.2, 9, "p2"),
    )
    with jaeger(given_up) as server:
        found = checked(server)
    assert found.why.endswith("→ api-gateway call b 4.90 s failed → tool-service call c 9.00 s")


def test_a_line_may_name_its_service() -> None:
    with jaeger() as server:
        assert "tool-service has no trace" in checked(server, "Tool service traces").why
        absent = check_traces(Api("Jaeger", server.url, ""), "Service traces", "web", WINDOW)
    assert (absent.verdict, absent.why) == ("failed", "Jaeger has no service `web`; it has api-gateway, tool-service")


def test_what_is_no_jaeger_is_no_answer() -> None:
    with answering(lambda asked: (200, {})) as server:
        found = checked(server)
    assert found.verdict == "unknown"
    assert "is that the query API of a Jaeger?" in found.why


def test_spans_that_refer_to_each_other_end() -> None:
    loop = trace("t1", span("a", "b", 1010, 1.0), span("b", "a", 1010.1, 0.5))
    with jaeger(loop) as server:
        [found] = traces(Api("Jaeger", server.url, ""), "api-gateway", 1000, 1060)
    assert [each.id for each in found.critical_path()] == ["a", "b"]
