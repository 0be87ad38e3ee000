"""The responder that follows the runbook, on a small cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import Interrupted
from harness.responders.base import Incident, Responder
from harness.responders.runbook import RunbookResponder
from harness.steps.run import StepLimits
from harness.steps.session import Session
from harness.steps.step import runbook_steps
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
