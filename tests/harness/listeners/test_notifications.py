"""Notifications of a simulated drill, at a real HTTP server, in the documented forms of Alertmanager and PagerDuty."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.app.notifying import KEY, notifications
from harness.drill import Limits
from harness.errors import BindingError
from harness.record.incident import AlertRaised
from harness.record.journal import read_events
from tests.support.simulated_drill import World, incident
from tests.support.webhook_receiver import Receiver, receiving

ROUTING_KEY = "0123456789abcdef0123456789abcdef"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a drill whose responder acknowledges and resolves the alerts."""
    folder = tmp_path_factory.mktemp("answered")
    World(folder, incident, answers_alerts=True).run()
    return folder


def sent(folder: Path, form: str) -> list[dict[str, Any]]:
    """The bodies that a drill's record leads to."""
    with receiving(Receiver((202,))) as receiver:
        listener = notifications([f"{form}={receiver.url}"], {KEY: ROUTING_KEY})
        for event in read_events(folder / "record.jsonl"):
            listener(event)
        assert list(listener.close()) == []
    return receiver.bodies


def test_alertmanager_gets_a_message_when_an_alert_fires_and_one_when_it_is_resolved(answered: Path) -> None:
    fires, resolved = sent(answered, "alertmanager")
    assert set(fires) == {
        "version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels",
        "commonAnnotations", "externalURL", "alerts",
    }  # fmt: skip
    assert (fires["version"], fires["status"], resolved["status"], fires["truncatedAlerts"]) == (
        "4",
        "firing",
        "resolved",
        0,
    )
    (alert,), (after,) = fires["alerts"], resolved["alerts"]
    assert set(alert) == {"status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"}
    assert (
        alert["labels"].items()
        >= {"runbook": "WEB", "priority": "P0", "severity": "critical", "slo": "availability"}.items()
    )
    assert alert["annotations"]["summary"].startswith("[gameday drill] P0 WEB: availability 50 %")
    assert re.fullmatch(TIME, alert["startsAt"])
    assert alert["endsAt"] == "0001-01-01T00:00:00Z"
    assert re.fullmatch("[0-9a-f]{16}", alert["fingerprint"])
    assert after["fingerprint"] == alert["fingerprint"]
    assert after["startsAt"] == alert["startsAt"] < after["endsAt"]
    run = fires["groupLabels"]["gameday_run"]
    assert fires["groupKey"] == resolved["groupKey"] == f'{{}}:{{gameday_run="{run}", runbook="WEB"}}'


def test_what_a_prometheus_of_the_drill_fires_is_not_sent(answered: Path) -> None:
    with receiving(Receiver((202,))) as receiver:
        listener = notifications([f"pagerduty={receiver.url}"], {KEY: ROUTING_KEY})
        for event in read_events(answered / "record.jsonl"):
            listener(event)
            if isinstance(event, AlertRaised):
                listener(replace(event, alert="AvailabilityFastBurn", source="prometheus"))
        assert list(listener.close()) == []
    assert [each["event_action"] for each in receiver.bodies] == ["trigger", "acknowledge", "resolve"]
    assert {each["dedup_key"].rpartition("/")[2] for each in receiver.bodies} == {"1"}


def test_pagerduty_gets_trigger_acknowledge_and_resolve_with_one_key(answered: Path) -> None:
    trigger, acknowledge, resolve = sent(answered, "pagerduty")
    assert [each["event_action"] for each in (trigger, acknowledge, resolve)] == ["trigger", "acknowledge", "resolve"]
    assert {each["routing_key"] for each in (trigger, acknowledge, resolve)} == {ROUTING_KEY}
    (key,) = {each["dedup_key"] for each in (trigger, acknowledge, resolve)}
    assert key.endswith("/WEB/1")
    assert len(key) <= 255
    assert set(acknowledge) == set(resolve) == {"routing_key", "event_action", "dedup_key"}
    payload = trigger["payload"]
    assert (payload["severity"], payload["source"], payload["group"]) == ("critical", "gameday/local", "WEB")
    assert payload["summary"].startswith("[gameday drill] P0 WEB:")
    assert len(payload["summary"]) <= 1024
    assert re.fullmatch(TIME, payload["timestamp"])


def test_an_alert_that_is_still_open_is_resolved_at_the_end_of_its_drill(tmp_path: Path) -> None:
    World(tmp_path, incident, heals=False, limits=Limits(recovery_s=5.0)).run()
    assert [each["status"] for each in sent(tmp_path, "alertmanager")] == ["firing", "resolved"]
    assert [each["event_action"] for each in sent(tmp_path, "pagerduty")] == ["trigger", "resolve"]


def test_every_problem_is_reported_at_once_and_without_secrets() -> None:
    wanted = [
        "slack=https://s3cret",
        "https://s3cret.example.com/x",
        "alertmanager=ftp://u:s3cret@host/x",
        "alertmanager=http://host:99999/s3cret",
        "pagerduty=https://events.pagerduty.com/v2/enqueue?s3cret",
    ]
    with pytest.raises(BindingError) as error:
        notifications(wanted, {})
    lines = str(error.value).splitlines()
    assert len(lines) == 5
    assert "s3cret" not in str(error.value)
    assert lines[-1].startswith("--notify pagerduty=https://events.pagerduty.com/…: GAMEDAY_PAGERDUTY_KEY is not set")
    assert error.value.exit_code == 2
