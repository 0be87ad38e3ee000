"""Alerts in the phases of a drill: when a responder acts, and that an escalation decides no verdict."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.drill import Limits
from harness.drill.alerts import AlertWatch
from harness.record.event import DrillEvent, Event
from harness.record.events import DrillStarted, PhaseStarted
from harness.record.incident import AlertHandled, AlertRaised
from harness.record.journal import read_events
from harness.verdict.burning import DueAlert
from harness.verdict.gameday import GamedayResult, judge_record
from harness.verdict.judge import Judge
from harness.verdict.result import Verdict
from tests.support.simulated_drill import World, incident, ran

LOOK = ran("read", "kubectl get pods")


def order(folder: Path) -> list[str]:
    """Phases and actions in the order of the record: `recovery`, `resolved`, `control` …"""
    found = []
    for event in read_events(folder / "record.jsonl"):
        match event:
            case PhaseStarted():
                found.append(event.phase)
            case AlertRaised():
                found.append("raised")
            case AlertHandled():
                found.append(f"{event.action} {event.level}" if event.action == "escalated" else event.action)
    return found


def test_a_recovery_is_resolved_before_the_control_is_compared(tmp_path: Path) -> None:
    assert World(tmp_path, incident, answers_alerts=True, general=(LOOK,)).run().verdict is Verdict.PASSED
    assert order(tmp_path) == [
        "prepare", "baseline", "fault", "symptoms", "raised", "response", "acknowledged", "investigating",
        "recovery", "mitigated", "resolved", "control", "after-revert",
    ]  # fmt: skip


def test_a_recovery_that_does_not_come_is_escalated_before_the_fault_is_reverted(tmp_path: Path) -> None:
    limits = Limits(recovery_s=15.0)
    result = World(tmp_path, incident, heals=False, answers_alerts=True, general=(LOOK,), limits=limits).run()
    assert result.verdict is Verdict.FAILED
    assert order(tmp_path)[-4:] == ["recovery", "general", "escalated 2", "escalated 3"]
    assert [step.facts.text for step in result.drills[0].general] == ["kubectl get pods"]


def undecided(folder: Path, *, answers: bool) -> GamedayResult:
    """A drill whose recovery is not decided at its limit."""
    folder.mkdir()
    world = World(folder, incident, answers_alerts=answers, limits=Limits(recovery_s=3.0), rate=20)
    return world.run()


def test_an_escalation_makes_no_inconclusive_drill_failed(tmp_path: Path) -> None:
    with_one, without = (undecided(tmp_path / name, answers=name == "with") for name in ("with", "without"))
    assert with_one.verdict is without.verdict is Verdict.INCONCLUSIVE
    assert with_one.drills[0].why == without.drills[0].why
    assert with_one.drills[0].escalated
    assert not without.drills[0].escalated


def test_a_record_without_alerts_is_reported_as_before(tmp_path: Path) -> None:
    result = World(tmp_path, incident).run()
    old = judge_record(
        event for event in read_events(tmp_path / "record.jsonl") if not isinstance(event, AlertRaised | AlertHandled)
    )
    assert (old.verdict, old.why, old.drills[0].slos) == (result.verdict, result.why, result.drills[0].slos)
    assert (old.rows, old.drills[0].alerts) == ((), ())


@dataclass
class Live:
    """A judge, the alerts that fire by what the test says, and the events that were recorded."""

    patch: pytest.MonkeyPatch

    def __post_init__(self) -> None:
        self._judge = Judge(DrillStarted(title="Web", line=1, fault="f"))
        self.recorded: list[Event] = []
        self.arrived = threading.Event()

    @contextmanager
    def judge(self) -> Iterator[Judge]:
        yield self._judge

    def due(self, *alerts: DueAlert) -> None:
        self.patch.setattr("harness.drill.alerts.firing", lambda state, slos: alerts)

    def handled(self, event: AlertHandled) -> None:
        self._judge.add(event)

    def record(self, event: DrillEvent, *, sync: bool = False) -> None:
        self.recorded.append(event)
        self.arrived.set()


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Live:
    return Live(monkeypatch)


def watch(live: Live, *priorities: str) -> AlertWatch:
    moments = iter(range(1_000))
    return AlertWatch(live.judge, live.record, lambda: float(next(moments)), priorities)


def test_an_alert_is_raised_once_and_again_only_when_it_is_more_urgent(live: Live) -> None:
    alerts = watch(live, "SEV1", "SEV2")
    for rank in (2, 1, 2, 0, 0):
        live.due(DueAlert("availability", rank, "x"))
        alerts.poll()
    raised = [(event.alert, event.priority) for event in live.recorded if isinstance(event, AlertRaised)]
    assert raised == [("1", "SEV2"), ("2", "SEV1")], "a document with two priorities has no third one"


def test_alerts_are_raised_while_the_response_goes_on(live: Live) -> None:
    with watch(live).polling():
        live.due(DueAlert("availability", 0, "x"))
        assert live.arrived.wait(20)
    assert [type(event) for event in live.recorded] == [AlertRaised]


def test_an_error_while_the_response_goes_on_is_raised_at_its_end(live: Live) -> None:

    def broken(event: DrillEvent, *, sync: bool = False) -> None:
        live.record(event)
        raise OSError("disk full")

    live.due(DueAlert("availability", 0, "x"))
    moments = iter(range(1_000))
    alerts = AlertWatch(live.judge, broken, lambda: float(next(moments)))
    with pytest.raises(OSError, match="disk full"), alerts.polling():
        assert live.arrived.wait(20)


def test_a_measurement_leaves_an_alert_at_its_level(live: Live) -> None:
    alerts = watch(live)
    live.due(DueAlert("availability", 0, "x"))
    alerts.poll()
    live.handled(AlertHandled(alert="1", action="escalated", by="a person", level=2))
    alerts.recovered()
    last = live.recorded[-1]
    assert isinstance(last, AlertHandled)
    assert (last.action, last.by, last.level) == ("mitigated", "gameday", 2)
