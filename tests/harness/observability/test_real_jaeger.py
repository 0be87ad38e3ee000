"""A real Jaeger takes the spans of the shipped services, and its query API has the failing and the slow trace."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from harness.machine.waiting import wait_until
from harness.observability.api import Api
from harness.observability.boards import Window
from harness.observability.trace_lines import check_traces
from harness.observability.traces import services, traces
from tests.support.fakes import Pods
from tests.support.real_jaeger import RealJaeger, real_jaeger

pytestmark = pytest.mark.slow
ARRIVES_S = 20.0


@pytest.fixture(scope="module")
def jaeger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealJaeger]:
    with real_jaeger(tmp_path_factory.mktemp("jaeger")) as found:
        yield found


@pytest.fixture
def pods(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pods]:
    found = Pods(tmp_path_factory.mktemp("pods"))
    yield found
    found.end()


def test_the_slow_and_then_the_failing_trace_is_found_with_its_critical_path(jaeger: RealJaeger, pods: Pods) -> None:
    tracing = {"OTEL_EXPORTER_OTLP_ENDPOINT": jaeger.otlp, "OTEL_TRACES_SAMPLER_ARG": "1"}
    inference = pods.start("inference", **tracing, SERVICE_TIME_MS="10")
    upstream = {"INFERENCE_URL": f"http://{inference.ip}:8080", "MAX_RETRIES": "1", "TIMEOUT_THRESHOLD_MS": "900"}
    gateway = pods.start("api-gateway", **tracing, **upstream)
    api = Api("Jaeger", jaeger.url, "--jaeger-url")

    def arrived(start_s: float, count: int) -> bool:
        return {"api-gateway", "inference"} <= {*services(api)} and count <= sum(
            len(each.spans) >= 3 for each in traces(api, "api-gateway", start_s, time.time())
        )

    began_s = time.time()
    assert [gateway.infer().status for _ in range(3)] == [200] * 3
    assert wait_until(lambda: arrived(began_s, 3), ARRIVES_S)
    slow_s = time.time()
    inference.inject("slow", factor=20)
    assert gateway.infer().status == 200
    assert wait_until(lambda: arrived(slow_s, 1), ARRIVES_S)
    found = check_traces(api, "Service traces", "api-gateway", Window(slow_s, time.time()))
    assert found.verdict == "ok", found.why
    assert found.why.startswith("a slow trace of api-gateway is found: ")
    assert "critical path api-gateway POST infer " in found.why
    assert "→ api-gateway POST inference " in found.why
    assert "→ inference POST /infer " in found.why

    failing_s = time.time()
    inference.inject("slot-loss", slots=10)
    assert gateway.infer().status == 504
    assert wait_until(lambda: bool(traces(api, "api-gateway", failing_s, time.time(), failed=True)), ARRIVES_S)
    found = check_traces(api, "Service traces", "api-gateway", Window(failing_s, time.time()))
    assert found.why.startswith("a failing trace of api-gateway is found: ")
    assert "attempt 2" in found.why


def test_a_service_without_traces_is_named_with_those_that_have_some(jaeger: RealJaeger, pods: Pods) -> None:
    found = check_traces(Api("Jaeger", jaeger.url, "--jaeger-url"), "Service traces", "web", Window(0.0, time.time()))
    assert found.verdict == "failed"
    assert found.why.startswith("Jaeger has no service `web`; it has ")
