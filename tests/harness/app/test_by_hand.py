"""What a person can do on the page of a drill by hand, and when."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest

from harness.app.by_hand import HandControls, Sitting
from harness.faults.base import Injection, Target
from harness.listeners.web.controls import ControlError
from harness.listeners.web.feed import Feed
from harness.record.incident import AlertHandled, NoteTaken
from harness.responders.desk import IncidentDesk
from tests.harness.responders.conftest import cluster, desk, now, recorded  # noqa: F401  the desk of a small cluster
from tests.support.incident import RecordedIncident
from tests.support.small_cluster import SmallCluster
from tests.support.waiting import wait_until

LOCUST = 8089


def controls() -> HandControls:
    return HandControls(Feed("a"), Sitting(threading.Event(), ("API", "WEB"), "API"), LOCUST)


def shown(feed: Feed) -> dict[str, Any]:
    """The last message about what is possible."""
    return cast(dict[str, Any], json.loads(next(each.data for each in feed.after(0) if each.kind == "controls")))


def enabled(feed: Feed) -> set[str]:
    return {each["action"] for each in shown(feed)["buttons"] if each["enabled"]}


class Slow:
    """A fault that takes nothing."""

    text = "slow"

    def prepare(self, target: Target) -> Injection:
        return Injection("", lambda: None, lambda: None)


def test_the_person_injects_when_the_drill_waits_for_it_and_ends_the_fault_afterwards() -> None:
    hands = controls()
    assert enabled(hands.feed) == {"reset", "quit"}
    for action in ("inject", "end-fault"):
        with pytest.raises(ControlError):
            hands.act(action, {})
    thread = threading.Thread(target=hands.gate.held(Slow()).prepare, args=(cast(Target, None),))
    thread.start()
    wait_until(lambda: "inject" in enabled(hands.feed))
    hands.act("inject", {})
    thread.join()
    assert enabled(hands.feed) == {"end-fault", "reset", "quit"}
    hands.act("end-fault", {})
    assert enabled(hands.feed) == {"reset", "quit"}
    with pytest.raises(ControlError, match="no fault is active"):
        hands.act("end-fault", {})


def test_a_reset_ends_the_drill_and_names_the_next_one() -> None:
    hands = controls()
    with pytest.raises(ControlError, match="no runbook `DB`"):
        hands.act("reset", {"drill": "DB"})
    assert not hands.stop.is_set()
    hands.act("reset", {"drill": "WEB"})
    assert hands.stop.is_set()
    assert hands.again.is_set()
    assert hands._sitting.wanted == "WEB"
    assert shown(hands.feed)["hint"] == "Everything is being reverted and ended."


def test_quitting_ends_the_drill_and_the_sitting() -> None:
    hands = controls()
    hands.act("quit", {})
    assert hands.stop.is_set()
    assert hands._sitting.quit.is_set()
    assert not hands.again.is_set()


def test_locust_is_linked_while_it_is_up_and_ended_at_the_close() -> None:
    hands, ended = controls(), list[str]()
    assert shown(hands.feed)["link"] is None
    hands.wait_for_load(True)
    assert (shown(hands.feed)["hint"], shown(hands.feed)["link"]["port"]) == ("Start the load:", LOCUST)
    hands.wait_for_load(False)
    hands.keep_locust(lambda: ended.append("locust"))
    hands.end()
    assert ended == []
    hands.close()
    assert ended == ["locust"]


def test_there_is_nothing_to_handle_before_the_response() -> None:
    hands = controls()
    for action in ("acknowledge", "step", "note", "resolve"):
        with pytest.raises(ControlError, match="nothing to handle yet"):
            hands.act(action, {})
    with pytest.raises(ControlError, match="no action `format`"):
        hands.act("format", {})


def test_actions_about_the_alerts_are_those_of_the_desk(
    desk: IncidentDesk,  # noqa: F811
    recorded: RecordedIncident,  # noqa: F811
) -> None:
    hands = controls()
    with hands.front(desk):
        assert shown(hands.feed)["alerts"]
        actions: list[tuple[str, Mapping[str, str]]] = [
            ("acknowledge", {}), ("investigate", {}), ("update", {"text": "looking"}),
            ("escalate", {"text": "no idea"}),
            ("note", {"by": "Ann", "text": "calm"}), ("resolve", {}),
        ]  # fmt: skip
        for action, values in actions:
            hands.act(action, values)
        with pytest.raises(ControlError, match="the response has ended"):
            hands.act("acknowledge", {})
    done = [event for event in recorded.events if isinstance(event, AlertHandled)]
    assert [(each.action, each.text) for each in done] == [
        ("acknowledged", ""), ("investigating", ""), ("updated", "looking"), ("escalated", "no idea"), ("resolved", ""),
    ]  # fmt: skip
    assert [event.text for event in recorded.events if isinstance(event, NoteTaken)] == ["calm"]
    assert not shown(hands.feed)["alerts"]
    assert shown(hands.feed)["notes"], "an observer may still keep a note"


def test_a_step_runs_by_its_line_one_at_a_time(
    desk: IncidentDesk,  # noqa: F811
    recorded: RecordedIncident,  # noqa: F811
    cluster: SmallCluster,  # noqa: F811
) -> None:
    hands = controls()
    with hands.front(desk):
        for line in ("7", "x", ""):
            with pytest.raises(ControlError, match="has no step"):
                hands.act("step", {"line": line})
        hands.act("step", {"line": "11"})
        refusals = refused(lambda: hands.act("step", {"line": "11"}))
        wait_until(lambda: shown(hands.feed)["running"] is None)
    assert refusals in ("", "one step at a time, during the response")
    assert cluster.state()["api"].replicas == 3
    assert {facts.line for facts in recorded.steps_executed} == {11}


def refused(do: Callable[[], object]) -> str:
    try:
        do()
    except ControlError as error:
        return str(error)
    return ""
