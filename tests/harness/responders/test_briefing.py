"""The briefing of a program: what it has, and that its page names every key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.responders.briefing import VERSION, briefing
from harness.responders.desk import IncidentDesk
from harness.responders.person import PersonResponder
from harness.responders.program import ProgramResponder
from harness.verdict.now import SloNow
from tests.support.incident import RecordedIncident
from tests.support.paths import ROOT


def keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    for inner in value if isinstance(value, list) else ():
        yield from keys(inner)


def test_it_has_the_alert_the_document_and_the_slos(desk: IncidentDesk, recorded: RecordedIncident) -> None:
    recorded.slos = (SloNow("gateway", "p95(gateway) < 500ms", "ms", 912.5, False),)
    found = json.loads(briefing(desk, "production"))
    assert (found["version"], found["namespace"], found["budget_s"]) == (VERSION, "production", 600)
    (alert,) = found["alerts"]
    assert (alert["id"], alert["priority"], alert["raised_s"]) == ("a1", "P0", 1000.0)
    assert [row["deadline_s"] for row in found["document"]["procedures"]] == [300, None, 3600, None, None]
    (runbook,) = found["document"]["runbooks"]
    commands = {step["line"]: step["command"] for step in runbook["steps"]}
    assert commands[11] == "kubectl scale deployment api --replicas=3 -n production"
    assert commands[6] == "", "a step for a person has no command"


def test_every_key_is_on_its_page(desk: IncidentDesk, recorded: RecordedIncident) -> None:
    recorded.slos = (SloNow("gateway", "p95(gateway) < 500ms", "ms", 912.5, False),)
    page = (ROOT / "docs/reference/responders.md").read_text(encoding="utf-8")
    found = set(keys(json.loads(briefing(desk, "production"))))
    assert len(found) > 20
    assert sorted(key for key in found if f"`{key}`" not in page and f"{key}[]`" not in page) == []


@pytest.mark.parametrize("responder", [PersonResponder(hidden=True), ProgramResponder("true", hidden=True)])
def test_the_record_says_who_responds_and_that_it_was_hidden(responder: PersonResponder | ProgramResponder) -> None:
    assert responder.chosen().responder == responder.name
    assert responder.chosen().hidden


def test_a_command_line_is_recorded_without_its_secrets(tmp_path: Path) -> None:
    assert ProgramResponder("true --token=hunter2-Secret").chosen().command == "true --token=***"
