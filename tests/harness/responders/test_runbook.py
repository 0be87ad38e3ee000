"""The responder that follows the runbook, on a small cluster."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from harness.errors import Interrupted
from harness.machine.platform_state import ObservedPlatform
from harness.record.steps import StepFacts
from harness.responders.base import OnStep, Responder
from harness.responders.runbook import RunbookResponder
from harness.steps.run import StepLimits
from harness.steps.session import Session
from harness.steps.step import Step, runbook_steps
from harness.verdict.steps import judge_step
from tests.support.small_cluster import SmallCluster
from tests.support.steps import PLACEHOLDERS, SLOW_RUNBOOK

LIMITS = StepLimits(follow_s=0.3, settle_s=0.2)


class NoResponse:
    """A responder that leaves the incident alone."""

    name = "none"

    def respond(
        self,
        steps: Sequence[Step],
        platform: ObservedPlatform,
        session: Session,
        on_step: OnStep,
        stop: threading.Event,
    ) -> None:
        return


@pytest.fixture
def cluster(tmp_path: Path) -> SmallCluster:
    return SmallCluster(tmp_path)


@pytest.fixture
def session(cluster: SmallCluster, tmp_path: Path) -> Iterator[Session]:
    made = Session(cluster.shell(), tmp_path / "steps", run_dir=tmp_path)
    yield made
    made.close()


def steps() -> tuple[Step, ...]:
    return runbook_steps(SLOW_RUNBOOK, PLACEHOLDERS, {"MAX_RETRIES": "api"}, "production")


def test_every_step_of_the_runbook_is_executed(cluster: SmallCluster, session: Session) -> None:
    ended: list[StepFacts] = []
    RunbookResponder(LIMITS).respond(steps(), cluster, session, ended.append, threading.Event())
    assert [judge_step(facts)[0] for facts in ended] == ["ok", "manual", "ok", "ok", "ok"]
    assert judge_step(ended[4]) == ("ok", "MAX_RETRIES 3 -> 5")
    assert ended[3].changed == ("deployment/api replicas 1 -> 3",)
    assert "deployment/api had 1 of 3 pods ready after 0.2 s" in ended[3].notes
    assert cluster.state()["api"].env == {"MAX_RETRIES": "5"}


def test_responder_may_leave_the_incident_alone(cluster: SmallCluster, session: Session) -> None:
    ended: list[StepFacts] = []
    before = cluster.state()
    responder: Responder = NoResponse()
    responder.respond(steps(), cluster, session, ended.append, threading.Event())
    assert ended == []
    assert cluster.state() == before


def test_stop_ends_the_response_before_the_next_step(cluster: SmallCluster, session: Session) -> None:
    ended: list[StepFacts] = []
    stop = threading.Event()

    def on_step(facts: StepFacts) -> None:
        ended.append(facts)
        stop.set()

    with pytest.raises(Interrupted, match="line 6"):
        RunbookResponder(LIMITS).respond(steps(), cluster, session, on_step, stop)
    assert [facts.line for facts in ended] == [5]
