"""The monitor of a side: numbers of its namespace, what it records of lines and queries, and that it never raises."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.errors import MonitoringError
from harness.measures.probe import LogProbe
from harness.observability.api import Api
from harness.observability.boards import Window
from harness.observability.monitor import Lines, SideMonitor, Systems
from harness.platforms.base import Platform
from harness.record.event import CONTROL, DrillEvent
from harness.record.events import FindingNoted
from harness.record.header import DashboardPlan
from harness.record.monitoring import DashboardChecked
from tests.support.answering import Asked, answering
from tests.support.loki import Loki as StandIn
from tests.support.loki import pushed, running

BOARDS = (
    DashboardPlan(40, "Prometheus: `x_total`", "Prometheus", "x_total"),
    DashboardPlan(41, "Grafana: W", "Grafana", "W"),
)
PLATFORM = cast(Platform, SimpleNamespace(namespace="shop-control", log_files=lambda deployment: []))


def monitor(url: str, recorded: list[DrillEvent], lines: Lines | None, window: Window | None) -> SideMonitor:
    systems = Systems(prometheus=Api("Prometheus", url, "--prometheus-url"))
    found = SideMonitor(systems, Path("unused"), recorded.append, lines, lambda: window)
    found.start(PLATFORM)
    return found


def one(asked: Asked) -> tuple[int, Any]:
    answered = [{"metric": {}, "value": [1.0, "3"]}] if "absent" not in asked.query.get("query", "") else []
    return 200, {"status": "success", "data": {"resultType": "vector", "result": answered}}


def test_a_query_is_asked_in_the_namespace_of_the_side() -> None:
    with answering(one) as server:
        assert monitor(server.url, [], None, None).value('sum(x{namespace="$namespace"})') == 3
    assert server.asked[-1].query["query"] == 'sum(x{namespace="shop-control"})'


def test_a_query_is_asked_for_its_side() -> None:
    systems = Systems(prometheus=Api("Prometheus", "", "--prometheus-url"))
    with answering(one) as server:
        found = SideMonitor(
            replace(systems, prometheus=Api("Prometheus", server.url, "")), Path("unused"), lambda event: None, None,
            lambda: None, CONTROL,
        )  # fmt: skip
        found.start(PLATFORM)
        assert found.value('sum(x{side="$side"})') == 3
    assert server.asked[-1].query["query"] == 'sum(x{side="control"})'


def test_log_lines_are_counted_for_their_side() -> None:
    recorded: list[DrillEvent] = []
    loki = StandIn()
    with running(loki) as server:
        api = Api("Loki", server.url, "--loki-url")
        systems = Systems(loki=api, log_selector='{side="$side",app="$deployment",ns="$namespace"}')
        found = SideMonitor(systems, Path("unused"), recorded.append, None, lambda: None, CONTROL)
        found.start(PLATFORM)
        assert found.reads_logs
        loki.answer(Asked("POST", "/loki/api/v1/push", {}, "", pushed(
            {"side": "control", "app": "web", "ns": "shop-control"}, "timeout", at_s=time.time()
        )))  # fmt: skip
        assert found.lines(LogProbe("logs(web, timeout)", "web", "timeout")) == 1
        with pytest.raises(MonitoringError, match="no stream matches"):
            found.lines(LogProbe("logs(api, timeout)", "api", "timeout"))
        found.finish()
    [finding] = [each.text for each in recorded if isinstance(each, FindingNoted)]
    assert finding.startswith("`logs(api, timeout)` was never answered: Loki at ")


def test_a_query_that_was_never_answered_is_a_finding() -> None:
    recorded: list[DrillEvent] = []
    with answering(one) as server:
        found = monitor(server.url, recorded, None, None)
        for query in ("absent", "x"):
            try:
                found.value(query)
            except MonitoringError:
                assert query == "absent"
        found.finish()
        found.finish()
    assert [each.text for each in recorded if isinstance(each, FindingNoted)] == [
        f"`absent` was never answered: Prometheus at {server.url}: `absent` has no data now"
    ]


def test_each_line_of_a_system_of_the_run_is_checked_once() -> None:
    recorded: list[DrillEvent] = []
    with answering(lambda asked: (503, "busy")) as server:
        checked = monitor(server.url, recorded, Lines(BOARDS, ()), Window(1.0, 2.0))
        checked.finish()
        checked.finish()
    assert [(each.line, each.verdict) for each in recorded if isinstance(each, DashboardChecked)] == [(40, "unknown")]


def test_without_a_fault_there_is_no_incident_to_look_at() -> None:
    recorded: list[DrillEvent] = []
    with answering(one) as server:
        monitor(server.url, recorded, Lines(BOARDS, ()), None).finish()
    [found] = recorded
    assert isinstance(found, DashboardChecked)
    assert (found.verdict, found.why) == (
        "unknown", "the drill ended before its fault, so there was no incident to look at"
    )  # fmt: skip


def test_a_monitor_that_was_not_started_ends_and_has_no_number() -> None:
    unstarted = SideMonitor(Systems(), Path("unused"), lambda event: None, None, lambda: None)
    unstarted.finish()
    with pytest.raises(MonitoringError, match="this side has no Prometheus"):
        unstarted.value("x")
