"""What a person can do at the desk of a drill, on a small cluster: each action is in the record."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from harness.errors import Interrupted
from harness.record.incident import AlertHandled, CommandTyped, NoteTaken
from harness.responders.desk import IncidentDesk
from harness.responders.situation import DeskError
from tests.support.desk import Now
from tests.support.incident import RecordedIncident
from tests.support.small_cluster import SmallCluster
from tests.support.waiting import wait_until


def typed(recorded: RecordedIncident) -> list[CommandTyped]:
    return [event for event in recorded.events if isinstance(event, CommandTyped)]


def test_actions_are_recorded_for_the_alert(desk: IncidentDesk, recorded: RecordedIncident) -> None:
    desk.acknowledge()
    desk.investigate()
    desk.update("looking at the pods")
    assert desk.escalate("no idea") == 2
    desk.resolve("scaled")
    assert [(each.alert, each.action, each.by, each.level, each.text) for each in recorded.handled] == [
        ("a1", "acknowledged", "human", 1, ""),
        ("a1", "investigating", "human", 1, ""),
        ("a1", "updated", "human", 1, "looking at the pods"),
        ("a1", "escalated", "human", 2, "no idea"),
        ("a1", "resolved", "human", 2, "scaled"),
    ]


@pytest.mark.parametrize(
    ("before", "act", "why"),
    [
        (lambda desk: desk.acknowledge(), lambda desk: desk.acknowledge(), "acknowledged already"),
        (lambda desk: desk.escalate(), lambda desk: desk.escalate(), "level 2 is the highest"),
        (lambda desk: desk.resolve(), lambda desk: desk.update("more"), "the response has ended"),
        (lambda desk: desk.close(), lambda desk: desk.run_command("kubectl get pods"), "the response has ended"),
        (lambda desk: None, lambda desk: desk.update("  "), "the update has no text"),
        (lambda desk: None, lambda desk: desk.run_step(7), "line 7 of the document has no step"),
    ],
)
def test_an_action_that_cannot_be_done_says_why_and_is_not_recorded(
    desk: IncidentDesk,
    recorded: RecordedIncident,
    before: Callable[[IncidentDesk], object],
    act: Callable[[IncidentDesk], object],
    why: str,
) -> None:
    before(desk)
    known = list(recorded.events)
    with pytest.raises(DeskError, match=why):
        act(desk)
    assert recorded.events == known


def test_without_an_alert_there_is_nothing_to_acknowledge(desk: IncidentDesk, recorded: RecordedIncident) -> None:
    recorded.events.clear()
    with pytest.raises(DeskError, match="no alert is raised yet"):
        desk.acknowledge()
    assert recorded.events == []


def test_the_clocks_of_the_alerts_priority_run(desk: IncidentDesk, now: Now) -> None:
    assert [(clock.line, clock.limit_s, clock.left_s) for clock in desk.situation().clocks] == [(40, 300, 240)]
    now.s = 1310.0
    assert [clock.left_s for clock in desk.situation().clocks] == [-10]
    assert desk.situation().left_s == 350


def test_a_documented_step_is_recorded_as_that_step(
    desk: IncidentDesk, recorded: RecordedIncident, cluster: SmallCluster
) -> None:
    (end,) = desk.run_step(11)
    assert end.changed == ("deployment/api replicas 1 -> 3",)
    (facts,) = recorded.steps_executed
    assert (facts.line, facts.changed, facts.exit_status) == (11, end.changed, 0)
    (command,) = typed(recorded)
    assert (command.command, command.line, command.changed) == (facts.bound, 11, end.changed)
    assert cluster.state()["api"].replicas == 3


def test_the_text_of_a_documented_step_is_that_step(desk: IncidentDesk, recorded: RecordedIncident) -> None:
    desk.run_command("kubectl scale  deployment api --replicas=3 -n production")
    desk.run_command("kubectl scale deployment service-name --replicas=3 -n production")
    assert [facts.line for facts in recorded.steps_executed] == [11, 11]


def test_a_typed_command_is_recorded_with_its_end(desk: IncidentDesk, recorded: RecordedIncident) -> None:
    end = desk.run_command("kubectl scale deployment web --replicas=2 -n production")
    assert end.changed == ("deployment/web replicas 1 -> 2",)
    (command,) = typed(recorded)
    assert (command.exit_status, command.line, command.refused) == (0, None, "")
    assert command.output == "deployment.apps/web scaled\n"
    assert command.changed == ("deployment/web replicas 1 -> 2",)
    assert recorded.steps_executed == []


def test_a_failed_command_keeps_its_status_and_message(desk: IncidentDesk, recorded: RecordedIncident) -> None:
    assert desk.run_command("kubectl scale deployment nope --replicas=2").exit_status == 1
    (command,) = typed(recorded)
    assert command.exit_status == 1
    assert 'deployments.apps "nope" not found' in command.output


def test_what_the_policy_refuses_does_not_run_and_is_recorded(desk: IncidentDesk, recorded: RecordedIncident) -> None:
    texts = ["rm -rf /", "cat /etc/passwd", "curl http://example.com", "bash -c true"]
    for text in texts:
        end = desk.run_command(text)
        assert end.refused
        assert end.exit_status is None
    assert [(each.command, each.exit_status) for each in typed(recorded)] == [(text, None) for text in texts]
    assert all(each.refused for each in typed(recorded))


def test_secrets_are_nowhere_in_the_run_directory_or_the_record(desk: IncidentDesk, recorded: RecordedIncident) -> None:
    end = desk.run_command("echo password=hunter2-Secret; echo token: hunter2-Secret >&2")
    assert "hunter2-Secret" in end.stdout
    desk.update("the password=hunter2-Secret is wrong")
    desk.run_command("kubectl set env deployment/api DB_PASSWORD=hunter2-Secret -n production")
    assert "hunter2-Secret" not in repr(recorded.events)
    outputs = [file for file in recorded.session.run_dir.rglob("*") if file.suffix in (".out", ".err")]
    assert len(outputs) == 4
    assert not [file for file in outputs if "hunter2-Secret" in file.read_text()]


def test_a_command_can_be_interrupted_and_the_next_one_runs(desk: IncidentDesk, recorded: RecordedIncident) -> None:
    ends = []
    thread = threading.Thread(target=lambda: ends.append(desk.run_command("sleep 60")))
    thread.start()
    wait_until(desk.interrupt)
    thread.join()
    assert ends[0].exit_status is None
    assert desk.run_command("echo still here").stdout == "still here\n"
    assert [each.command for each in typed(recorded)] == ["sleep 60", "echo still here"]


def test_commands_of_two_threads_run_one_after_the_other(desk: IncidentDesk, recorded: RecordedIncident) -> None:
    threads = [threading.Thread(target=desk.run_command, args=("sleep 0.1; echo done",)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.output for each in typed(recorded)] == ["done\n"] * 3


def test_the_response_ends_when_the_person_resolves(desk: IncidentDesk) -> None:
    attending = threading.Thread(target=desk.attend)
    attending.start()
    desk.resolve()
    attending.join()
    assert desk.situation().closed
    assert desk.situation().resolved


def test_the_response_ends_at_the_budget_and_a_command_with_it(
    desk: IncidentDesk, recorded: RecordedIncident, now: Now
) -> None:
    thread = threading.Thread(target=desk.run_command, args=("sleep 60",))
    thread.start()
    wait_until((recorded.session.run_dir / "steps" / "001.out").exists)
    now.s += 600
    desk.attend()
    thread.join()
    assert desk.situation().closed
    assert not desk.situation().resolved
    assert [each.exit_status for each in typed(recorded)] == [None]


def test_a_run_that_is_stopped_ends_the_response(desk: IncidentDesk, recorded: RecordedIncident) -> None:
    recorded.stop.set()
    with pytest.raises(Interrupted):
        desk.attend()
    assert desk.situation().closed


def test_notes_of_an_observer_are_kept_also_afterwards(desk: IncidentDesk, recorded: RecordedIncident) -> None:
    desk.resolve()
    desk.note("Ann", "did not look at the dashboard")
    last = recorded.events[-1]
    assert isinstance(last, NoteTaken)
    assert (last.by, last.text) == ("Ann", "did not look at the dashboard")
    assert not [event for event in recorded.events if isinstance(event, AlertHandled) and event.action == "updated"]


def test_an_escalation_that_is_refused_leaves_the_level(recorded: RecordedIncident, desk: IncidentDesk) -> None:
    recorded.events.clear()
    with pytest.raises(DeskError, match="no alert is raised yet"):
        desk.escalate()
    assert desk.situation().level == 1
