"""The watch of alerts: each is recorded once when it fires, and once when its Alertmanager has it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from harness.errors import MonitoringError
from harness.observability.alertmanager import Alertmanager
from harness.observability.alerts import RuleWatch
from harness.observability.api import Api
from harness.observability.prometheus import Prometheus
from harness.record.event import DrillEvent
from harness.record.incident import AlertRaised
from harness.record.monitoring import AlertDelivered
from tests.support.answering import Asked, answering


def alert(name: str, state: str) -> dict[str, object]:
    labels = {"alertname": name, "severity": "P0", "slo": "latency"}
    return {"labels": labels, "annotations": {"summary": "slow"}, "state": state, "activeAt": "2026-01-01T00:00:00Z"}


def test_an_alert_is_recorded_when_it_fires_and_when_it_arrives() -> None:
    active: list[dict[str, object]] = []
    arrived: set[str] = set()
    recorded: list[DrillEvent] = []

    def answer(asked: Asked) -> tuple[int, object]:
        return 200, {"status": "success", "data": {"alerts": active}}

    alertmanager = cast(Alertmanager, SimpleNamespace(received=lambda: frozenset(arrived)))
    with answering(answer) as server:
        watch = RuleWatch(Prometheus(Api("Prometheus", server.url, "")), alertmanager, recorded.append)
        watch.look()
        active.append(alert("Slow", "pending"))
        watch.look()
        assert recorded == [], "it is pending"
        active.append(alert("Down", "firing"))
        watch.look()
        watch.look()
        fired = AlertRaised(alert="Down", priority="P0", text="slow", slo="latency", source="prometheus")
        assert recorded == [fired]
        arrived.add("Down")
        watch.look()
        watch.look()
    assert recorded == [fired, AlertDelivered(alert="Down")]
    watch.look()
    assert len(recorded) == 2, "a Prometheus that does not answer is asked again"


def test_an_alertmanager_that_does_not_answer_is_asked_again() -> None:
    recorded: list[DrillEvent] = []

    def refuse() -> frozenset[str]:
        raise MonitoringError("busy")

    data = {"status": "success", "data": {"alerts": [alert("Down", "firing")]}}
    with answering(lambda asked: (200, data)) as server:
        alertmanager = cast(Alertmanager, SimpleNamespace(received=refuse))
        RuleWatch(Prometheus(Api("Prometheus", server.url, "")), alertmanager, recorded.append).look()
    assert [type(event) for event in recorded] == [AlertRaised]
