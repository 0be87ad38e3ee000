"""Traces of real pods, as a collector gets them: one trace through both services, every attempt, all that failed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.answering import Answering, answering
from tests.support.fakes import Pod, Pods
from tests.support.waiting import wait_until


@pytest.fixture
def collector() -> Iterator[Answering]:
    with answering(lambda asked: (200, {})) as server:
        yield server


def spans_of(collector: Answering) -> list[dict[str, Any]]:
    """Every span that arrived, with the name of its service."""
    found = []
    for asked in collector.asked:
        body: Any = asked.body
        for each in body["resourceSpans"]:
            service = {pair["key"]: pair["value"]["stringValue"] for pair in each["resource"]["attributes"]}
            found += [{**span, "service": service["service.name"]} for span in each["scopeSpans"][0]["spans"]]
    return found


def traced(pods: Pods, collector: Answering, share: str, **env: str) -> tuple[Pod, Pod]:
    """A gateway before an inference, both traced."""
    tracing = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_TRACES_SAMPLER_ARG": share}
    inference = pods.start("inference", **tracing, SERVICE_TIME_MS="10")
    return pods.start("api-gateway", **tracing, INFERENCE_URL=f"http://{inference.ip}:8080", **env), inference


def attributes(span: dict[str, Any]) -> dict[str, Any]:
    return {pair["key"]: next(iter(pair["value"].values())) for pair in span["attributes"]}


def test_one_trace_goes_from_the_gateway_to_inference(pods: Pods, collector: Answering) -> None:
    gateway, _ = traced(pods, collector, "1")
    assert gateway.infer().status == 200
    wait_until(lambda: len(spans_of(collector)) >= 3, "three spans")
    by_name = {span["name"]: span for span in spans_of(collector)}
    root, call, answer = (by_name[name] for name in ("POST infer", "POST inference", "POST /infer"))
    assert [span["service"] for span in (root, call, answer)] == ["api-gateway", "api-gateway", "inference"]
    assert "parentSpanId" not in root
    assert (call["parentSpanId"], answer["parentSpanId"]) == (root["spanId"], call["spanId"])
    assert {span["traceId"] for span in by_name.values()} == {root["traceId"]}
    assert attributes(root)["http.response.status_code"] == "200"
    assert int(root["startTimeUnixNano"]) <= int(answer["startTimeUnixNano"]) <= int(answer["endTimeUnixNano"])


def test_what_failed_is_kept_with_every_attempt_and_the_rest_is_not(pods: Pods, collector: Answering) -> None:
    gateway, inference = traced(pods, collector, "0", MAX_RETRIES="2", TIMEOUT_THRESHOLD_MS="100")
    assert [gateway.infer().status for _ in range(5)] == [200] * 5
    inference.inject("slot-loss", slots=10)
    assert gateway.infer().status == 504
    wait_until(lambda: any(span["name"] == "POST infer" for span in spans_of(collector)), "the failing trace")
    spans = [span for span in spans_of(collector) if span["service"] == "api-gateway"]
    calls = [span for span in spans if span["name"] == "POST inference"]
    assert [attributes(span).get("http.request.resend_count") for span in calls] == [None, "1", "2"]
    assert len([span for span in spans if span["name"] == "POST infer"]) == 1, "not one of the five good requests"
    assert all(span["status"] == {"code": 2} for span in spans)


def test_a_refused_request_is_kept_with_what_refused_it(pods: Pods, collector: Answering) -> None:
    gateway, _ = traced(pods, collector, "0")
    assert gateway.infer({"model": "small"}).status == 400
    wait_until(lambda: len(spans_of(collector)) >= 2, "both spans")
    by_name = {span["name"]: span for span in spans_of(collector)}
    root, refused = by_name["POST infer"], by_name["validate"]
    assert refused["parentSpanId"] == root["spanId"]
    assert (root["status"], refused["status"]) == ({}, {"code": 2}), "of a server's span, 4xx is no error"
    assert attributes(refused)["refusal"] == "validation failed"
    assert int(root["startTimeUnixNano"]) <= int(refused["startTimeUnixNano"]) <= int(refused["endTimeUnixNano"])


def test_a_session_of_a_websocket_is_a_span(pods: Pods, collector: Answering) -> None:
    from websockets.sync.client import connect

    tracing = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_TRACES_SAMPLER_ARG": "1"}
    pod = pods.start("realtime", **tracing)
    with connect(f"ws://{pod.ip}:8080/ws?tenant=acme"):
        pass
    wait_until(lambda: bool(spans_of(collector)), "the span of the session")
    [span] = spans_of(collector)
    assert (span["service"], span["name"]) == ("realtime", "websocket session")


def test_a_collector_that_is_away_costs_no_answer_and_is_logged_once(pods: Pods) -> None:
    tracing = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_SAMPLER_ARG": "1"}
    inference = pods.start("inference", SERVICE_TIME_MS="1")
    gateway = pods.start("api-gateway", **tracing, INFERENCE_URL=f"http://{inference.ip}:8080")
    assert gateway.infer().status == 200
    wait_until(lambda: bool(gateway.log("the collector of traces takes no spans")), "the warning")
    assert gateway.infer().status == 200
    assert len(gateway.log("the collector of traces takes no spans")) == 1


def test_a_wrong_endpoint_ends_the_pod(pods: Pods) -> None:
    pod = pods.start("inference", ready=False, OTEL_EXPORTER_OTLP_ENDPOINT="collector:4318")
    assert pod.status() == 2
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in pod.log_file.read_text()
