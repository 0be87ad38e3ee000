"""The responder that follows the runbook, on a small cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import Interrupted
from harness.model import GeneralCommand
from harness.record.events import StepExecuted
from harness.record.incident import AlertHandled, AlertRaised
from harness.responders.base import Incident, Responder
from harness.responders.runbook import RunbookResponder
from harness.steps.run import StepLimits
from harness.steps.session import Session
from harness.steps.step import general_steps, runbook_steps
from harness.verdict.now import SloNow
from harness.verdict.steps import judge_step
from tests.support.incident import RecordedIncident
from tests.support.small_cluster import SmallCluster
from tests.support.steps import PLACEHOLDERS, SLOW_RUNBOOK

LIMITS = StepLimits(follow_s=0.3, settle_s=0.2)


class NoResponse(Responder):
    """A responder that leaves the incident alone."""

    name = "none"

    def respond(self, incident: Incident) -> None:
        return


@pytest.fixture
def cluster(tmp_path: Path) -> SmallCluster:
    return SmallCluster(tmp_path)


@pytest.fixture
def incident(cluster: SmallCluster, tmp_path: Path) -> Iterator[RecordedIncident]:
    session = Session(cluster.shell(), tmp_path / "steps", run_dir=tmp_path)
    steps = runbook_steps(SLOW_RUNBOOK, PLACEHOLDERS, {"MAX_RETRIES": "api"}, "production")
    yield RecordedIncident(cluster, session, steps)
    session.close()


def test_every_step_of_the_runbook_is_executed(cluster: SmallCluster, incident: RecordedIncident) -> None:
    RunbookResponder(LIMITS).respond(incident.incident)
    ended = incident.steps_executed
    assert [judge_step(facts)[0] for facts in ended] == ["ok", "manual", "ok", "ok", "ok"]
    assert judge_step(ended[4]) == ("ok", "MAX_RETRIES 3 -> 5")
    assert ended[3].changed == ("deployment/api replicas 1 -> 3",)
    assert "deployment/api had 1 of 3 pods ready after 0.2 s" in ended[3].notes
    assert cluster.state()["api"].env == {"MAX_RETRIES": "5"}


def test_responder_may_leave_the_incident_alone(cluster: SmallCluster, incident: RecordedIncident) -> None:
    before = cluster.state()
    responder: Responder = NoResponse()
    for follow in (responder.respond, responder.resolve, responder.escalate, responder.general):
        follow(incident.incident)
    assert incident.events == []
    assert cluster.state() == before


def test_stop_ends_the_response_before_the_next_step(incident: RecordedIncident) -> None:
    incident.at_event = lambda event: incident.stop.set()
    with pytest.raises(Interrupted, match="line 6"):
        RunbookResponder(LIMITS).respond(incident.incident)
    assert [facts.line for facts in incident.steps_executed] == [5]


ALERT = AlertRaised(alert="1", priority="P0", text="availability 50 %", slo="availability")


def done(incident: RecordedIncident) -> list[tuple[str, str, int, str]]:
    return [(each.alert, each.action, each.level, each.text) for each in incident.handled]


def test_alerts_are_acknowledged_and_investigated_before_the_first_step_and_changes_are_posted(
    incident: RecordedIncident,
) -> None:
    incident.events.append(ALERT)
    RunbookResponder(LIMITS).respond(incident.incident)
    assert done(incident) == [
        ("1", "acknowledged", 1, ""),
        ("1", "investigating", 1, ""),
        ("1", "updated", 1, "line 11: deployment/api replicas 1 -> 3"),
        ("1", "updated", 1, "line 20: deployment/api MAX_RETRIES 3 -> 5"),
    ]
    kinds = [type(event) for event in incident.events]
    assert kinds.index(AlertHandled) < kinds.index(StepExecuted)


def test_alert_that_is_raised_during_the_response_is_taken_between_two_steps(incident: RecordedIncident) -> None:
    incident.at_event = lambda event: None if ALERT in incident.events else incident.events.append(ALERT)
    RunbookResponder(LIMITS).respond(incident.incident)
    assert done(incident)[:2] == [("1", "acknowledged", 1, ""), ("1", "investigating", 1, "")]
    assert [action for _, action, _, _ in done(incident)].count("acknowledged") == 1


def test_recovery_resolves_every_alert(incident: RecordedIncident) -> None:
    incident.events += [ALERT, replace(ALERT, alert="2")]
    RunbookResponder(LIMITS).resolve(incident.incident)
    assert [each[:2] for each in done(incident)][-2:] == [("1", "resolved"), ("2", "resolved")]


@pytest.mark.parametrize(("holds", "levels"), [(False, [2, 2, 3]), (None, [2, 2, 3]), (True, [2, 2])])
def test_escalation_collects_evidence_and_goes_on_while_an_slo_is_not_known_to_hold(
    incident: RecordedIncident, holds: bool | None, levels: list[int]
) -> None:
    incident.events.append(ALERT)
    incident.general = general_steps([GeneralCommand(40, "kubectl get pods -n production")], {}, "production")
    incident.slos = (SloNow("availability", "availability(gateway) >= 99%", "ratio", 0.5, holds),)
    RunbookResponder(LIMITS).escalate(incident.incident)
    assert [(facts.kind, facts.line, facts.exit_status) for facts in incident.steps_executed] == [("general", 40, 0)]
    above = [each for each in done(incident) if each[2] > 1]
    assert [level for _, _, level, _ in above] == levels
    assert above[0][1::2] == ("escalated", "the SLOs did not recover within the time of level 1")
    assert above[1][1::2] == ("updated", "evidence collected by the general commands of the lines 40")
