"""Telemetry of a simulated drill: its spans as a collector gets them, and its metrics as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from harness.errors import MonitoringError
from harness.http import call
from harness.listeners.telemetry.figures import Figures
from harness.listeners.telemetry.listener import Telemetry
from harness.listeners.telemetry.settings import Settings
from harness.record.event import CONTROL, TREATMENT
from harness.record.events import DrillEnded, LoadCounted, LoadSlice, PhaseEnded, PhaseStarted
from harness.record.journal import read_events
from harness.verdict.result import Verdict
from tests.support.answering import Answering, answering
from tests.support.simulated_drill import World, incident


def exported(folder: Path, *, heals: bool = True, status: int = 200) -> tuple[Answering, list[str]]:
    """What a collector was sent of a simulated drill, and what failed."""
    world, failed = World(folder, incident, heals=heals), list[str]()
    world.run()
    with answering(lambda asked: (status, {})) as collector:
        settings = Settings(f"{collector.url}/v1/traces", {"authorization": "Bearer t"}, {"service.name": "gameday"})
        listener = Telemetry(settings, world.judges.of, failed.append)
        for event in read_events(world.journal.path):
            listener(event)
    return collector, failed


def spans_of(collector: Answering) -> list[dict[str, Any]]:
    bodies: list[Any] = [each.body for each in collector.asked]
    return [span for body in bodies for span in body["resourceSpans"][0]["scopeSpans"][0]["spans"]]


def attributes(span: Mapping[str, Any]) -> dict[str, object]:
    return {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}


def test_the_run_its_drill_phases_and_steps_are_spans_of_one_trace(tmp_path: Path) -> None:
    collector, failed = exported(tmp_path)
    assert failed == []
    assert {each.authorization for each in collector.asked} == {"Bearer t"}
    spans = spans_of(collector)
    by_name = {span["name"]: span for span in spans}
    run, drill, response, step = (by_name[name] for name in ("gameday run", "drill WEB", "response", "step command"))
    assert len({span["traceId"] for span in spans}) == 1
    assert "parentSpanId" not in run
    assert (drill["parentSpanId"], response["parentSpanId"]) == (run["spanId"], drill["spanId"])
    assert step["parentSpanId"] == response["spanId"]
    assert {"prepare", "baseline", "fault", "symptoms", "response", "recovery", "control"} <= by_name.keys()
    assert attributes(drill)["test.case.name"] == "WEB"
    assert attributes(drill)["test.case.result.status"] == "pass"
    assert attributes(run)["test.suite.run.status"] == "success"
    assert attributes(by_name["recovery"])["gameday.decision"] == "yes"
    assert attributes(step)["process.exit.code"] == "0"
    assert all(int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]) for span in spans)
    assert int(drill["startTimeUnixNano"]) <= int(step["startTimeUnixNano"]) < int(drill["endTimeUnixNano"])


def test_a_failed_drill_is_an_error(tmp_path: Path) -> None:
    collector, _ = exported(tmp_path, heals=False)
    by_name = {span["name"]: span for span in spans_of(collector)}
    assert attributes(by_name["drill WEB"])["test.case.result.status"] == "fail"
    assert attributes(by_name["gameday run"])["test.suite.run.status"] == "failure"
    assert (by_name["drill WEB"]["status"], by_name["baseline"]["status"]) == ({"code": 2}, {"code": 1})


def test_a_collector_that_takes_nothing_is_reported_once(tmp_path: Path) -> None:
    collector, failed = exported(tmp_path, status=503)
    assert len(collector.asked) == 1
    [only] = failed
    assert only.startswith("no further spans: http://127.0.0.1:")
    assert "HTTP 503; check OTEL_EXPORTER_OTLP_ENDPOINT" in only


def counted(at_s: float, hist: Mapping[int, int], bad: int = 0, side: Any = TREATMENT) -> LoadCounted:
    ok = sum(hist.values())
    part = LoadSlice("gateway", at_s, ok + bad + 1, ok, {"timeout": bad} if bad else {}, hist=hist)
    return LoadCounted(drill="WEB", side=side, until_s=at_s + 1, slices=(part,))


def samples(page: str) -> dict[str, float]:
    """The samples of a page, by name and the values of their labels."""
    return {
        f"{sample.name} {' '.join(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_the_page_has_exact_quantiles_of_the_last_seconds() -> None:
    figures = Figures()
    figures.add(counted(100.0, {400: 95, 500: 5}))
    figures.add(counted(100.25, {}, bad=2))
    figures.add(counted(100.0, {300: 1}, side=CONTROL))
    found = samples(figures.page())
    assert found["gameday_load_arrivals_total WEB treatment gateway ok"] == 100
    assert found["gameday_load_arrivals_total WEB treatment gateway timeout"] == 2
    assert found["gameday_load_outstanding WEB treatment gateway"] == 2
    assert found["gameday_load_latency_seconds WEB treatment gateway 0.95"] == pytest.approx(400e-6)
    assert found["gameday_load_latency_seconds WEB treatment gateway 0.99"] == pytest.approx(500e-6)
    assert found["gameday_load_latency_seconds WEB control gateway 0.5"] == pytest.approx(300e-6)
    figures.add(counted(111.0, {450: 1}))
    found = samples(figures.page())
    assert found["gameday_load_latency_seconds WEB treatment gateway 0.5"] == pytest.approx(450e-6)
    assert found["gameday_load_arrivals_total WEB treatment gateway ok"] == 101


def test_the_page_has_phase_and_verdict() -> None:
    figures = Figures()
    figures.add(PhaseStarted(drill='W"B', phase="baseline"))
    assert samples(figures.page())['gameday_phase W"B baseline'] == 1
    figures.add(PhaseEnded(drill='W"B', phase="baseline"))
    figures.add(DrillEnded(drill='W"B'), Verdict.FAILED)
    assert samples(figures.page()) == {'gameday_verdict W"B failed': 1}


def test_the_page_is_served_until_the_run_ends(tmp_path: Path) -> None:
    world = World(tmp_path, incident)
    world.run()
    *events, last = read_events(world.journal.path)
    listener = Telemetry(Settings(metrics_address=("127.0.0.1", 0)), world.judges.of, lambda why: None)
    for event in events:
        listener(event)
    url = f"http://127.0.0.1:{listener.port}"
    page = call("GET", f"{url}/metrics")
    assert (page.status, call("GET", url).status) == (200, 404)
    assert samples(page.body)["gameday_verdict WEB passed"] == 1
    assert samples(page.body)["gameday_load_arrivals_total WEB treatment gateway http_503"] > 0
    with pytest.raises(MonitoringError, match="set OTEL_EXPORTER_PROMETHEUS_PORT to a free port"):
        Telemetry(Settings(metrics_address=("127.0.0.1", listener.port or 0)), world.judges.of, lambda why: None)
    listener(last)
    assert call("GET", f"{url}/metrics").status == 0
