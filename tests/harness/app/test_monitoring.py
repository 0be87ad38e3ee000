"""The monitoring systems of a request: what starts, what is asked, and conditions that nothing would answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import app
from harness.app.monitoring import MonitoringChoice, log_problems, monitoring_problems, pod_environment, systems_of
from harness.app.planning import read_plan
from harness.errors import MachineError, MonitoringError
from harness.machine.loopback import free_port
from harness.observability.api import Api
from tests.support.loki import Loki as StandIn
from tests.support.loki import running
from tests.support.paths import BINDINGS, RUNBOOK

QUERY = "prom('rate(requests_total{%s}[10s])') > 5"


def problems(folder: Path, choice: MonitoringChoice, labels: str = "", platform: str = "local") -> list[str]:
    """The problems of the shipped bindings with a symptom in PromQL."""
    text = BINDINGS.read_text().replace('logs(inference, "timeout") > 0', (QUERY % labels).replace("'", "''"))
    file = folder / "gameday.yaml"
    file.write_text(text.replace("slos/*.yaml", f"{BINDINGS.parent / 'slos'}/*.yaml"))
    plan = read_plan(app.PlanRequest(RUNBOOK, file, ("TIMEOUT",)))
    return [str(problem) for problem in monitoring_problems(plan, choice, platform)]


def test_a_condition_in_promql_needs_a_prometheus(tmp_path: Path) -> None:
    [found] = problems(tmp_path, MonitoringChoice())
    assert found.startswith("condition `prom('rate(requests_total{}[10s])') > 5`: no Prometheus is part of this run")
    assert "add --observability, or --prometheus-url URL" in found
    assert problems(tmp_path, MonitoringChoice(own=True)) == []


def test_one_prometheus_of_both_sides_needs_the_namespace(tmp_path: Path) -> None:
    choice = MonitoringChoice(prometheus_url="http://127.0.0.1:9090")
    [found] = problems(tmp_path, choice, platform="kind")
    assert 'has both sides of TIMEOUT; select the side by its namespace, such as {namespace="$namespace"}' in found
    assert problems(tmp_path, choice, 'namespace="$namespace"', "kind") == []


def test_on_this_machine_both_sides_have_one_namespace_and_need_another_label(tmp_path: Path) -> None:
    choice = MonitoringChoice(prometheus_url="http://127.0.0.1:9090")
    for platform in ("local", "docker"):
        [found] = problems(tmp_path, choice, 'namespace="$namespace"', platform)
        assert (
            f'on {platform} they have one namespace: select by a label of your own, such as {{side="$side"}}' in found
        )
        assert problems(tmp_path, choice, 'side="$side"', platform) == []


def test_the_systems_of_a_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert systems_of(MonitoringChoice()) is None
    by_url = systems_of(MonitoringChoice(own=True, prometheus_url="http://127.0.0.1:9090"))
    assert by_url is not None
    assert (by_url.program, by_url.prometheus and by_url.prometheus.url) == (None, "http://127.0.0.1:9090")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MachineError, match="no `prometheus` is on PATH; install it"):
        systems_of(MonitoringChoice(own=True))
    with pytest.raises(MachineError, match="--prometheus-image: no `docker` is on PATH"):
        systems_of(MonitoringChoice(own=True, image="prom/prometheus:v2.55.1"))
    program = tmp_path / "prometheus"
    program.write_text("#!/bin/sh\n")
    with pytest.raises(MachineError, match="is no program"):
        systems_of(MonitoringChoice(own=True, program=program))
    program.chmod(0o755)
    found = systems_of(MonitoringChoice(own=True))
    assert found is not None
    assert found.program == program
    with pytest.raises(MonitoringError, match="is no http or https URL"):
        systems_of(MonitoringChoice(prometheus_url="9090"))


def test_traces_of_the_shipped_services_go_where_those_of_gameday_go(tmp_path: Path) -> None:
    bindings = read_plan(app.PlanRequest(RUNBOOK, BINDINGS)).bindings
    on = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_SAMPLER_ARG": "1", "HOME": "/x"}
    assert pod_environment("local", bindings, on) == {key: value for key, value in on.items() if key != "HOME"}
    assert pod_environment("docker", bindings, on) == {}, "a container does not reach this machine's loopback"
    assert pod_environment("local", bindings, {}) == {}
    assert pod_environment("local", bindings, {**on, "OTEL_TRACES_EXPORTER": "none"}) == {}


def test_annotations_need_a_grafana() -> None:
    with pytest.raises(MonitoringError, match="--grafana-annotate: no Grafana is named; add --grafana-url URL"):
        systems_of(MonitoringChoice(annotate=True))
    found = systems_of(MonitoringChoice(grafana_url="http://127.0.0.1:3000", jaeger_url="http://127.0.0.1:16686"))
    assert found is not None
    assert (found.grafana and found.grafana.url, found.jaeger and found.jaeger.url) == (
        "http://127.0.0.1:3000", "http://127.0.0.1:16686"
    )  # fmt: skip


def of_logs(folder: Path, url: str, change: tuple[str, str] = ("", ""), platform: str = "kind") -> list[str]:
    """What a Loki at this URL cannot answer of the shipped runbook, with one change of the bindings."""
    file = folder / "gameday.yaml"
    text = BINDINGS.read_text().replace(*change)
    file.write_text(text.replace("slos/*.yaml", f"{BINDINGS.parent / 'slos'}/*.yaml"))
    plan = read_plan(app.PlanRequest(RUNBOOK, file))
    return [str(problem) for problem in log_problems(plan, Api("Loki", url, "--loki-url"), platform)]


def test_every_condition_on_logs_is_asked_before_anything_starts(tmp_path: Path) -> None:
    with running(StandIn()) as server:
        assert of_logs(tmp_path, server.url) == []
        asked = [each.query["query"] for each in server.asked if "query" in each.query]
        [found] = of_logs(tmp_path, server.url, ('logs(inference, "timeout")', 'logs(inference, "(?=timeout)")'))
    assert any('{namespace="production",app="inference"} |~ "(?i)timeout"' in query for query in asked)
    assert any('{namespace="production",app="realtime"} |~ "(?i)backpressure"' in query for query in asked)
    assert found.startswith('condition `logs(inference, "(?=timeout)") > 0`: Loki at ')
    assert "HTTP 400: parse error" in found


def test_a_loki_that_does_not_answer_is_named_once(tmp_path: Path) -> None:
    [found] = of_logs(tmp_path, f"http://127.0.0.1:{free_port()}")
    assert "it does not answer" in found


def test_a_token_that_is_refused_is_named_once(tmp_path: Path) -> None:
    with running(StandIn(token="right")) as server:
        [found] = of_logs(tmp_path, server.url)
    assert "set LOKI_TOKEN to one that may read" in found


def test_the_streams_of_both_sides_differ(tmp_path: Path) -> None:
    selector = ("namespace: production", "namespace: production\nloki: {selector: '{app=\"$deployment\"}'}")
    with running(StandIn()) as server:
        [found] = of_logs(tmp_path, server.url, selector)
        [usual] = of_logs(tmp_path, server.url, platform="local")
        by_side = (selector[0], selector[1].replace("{app", '{side="$side",app').replace('\\"', '"'))
        assert of_logs(tmp_path, server.url, by_side, "local") == []
    assert "on local they have one namespace" in usual
    assert 'loki.selector: `{app="$deployment"}` selects the logs of both sides; select the side' in found
