"""Lines of text to a desk, and their answers."""

from __future__ import annotations

import pytest

from harness.responders.console import Console
from harness.responders.desk import IncidentDesk
from tests.support.desk import Now
from tests.support.incident import RecordedIncident


@pytest.fixture
def console(desk: IncidentDesk) -> Console:
    return Console(desk, "Ann")


def test_actions_are_words(console: Console, recorded: RecordedIncident) -> None:
    lines = ("ack", "investigate", "update looking at  it", "escalate no idea", "resolve")
    assert [console.answer(line).status for line in lines] == [0] * 5
    assert [(each.action, each.text) for each in recorded.handled] == [
        ("acknowledged", ""),
        ("investigating", ""),
        ("updated", "looking at it"),
        ("escalated", "no idea"),
        ("resolved", ""),
    ]


def test_status_shows_alert_clocks_and_what_was_done(console: Console, now: Now) -> None:
    text = console.answer("status").stdout
    assert "P0  availability 50 % of 99 % (raised 1:00 ago)" in text
    assert "line 40: Acknowledge the alert within 5 minutes: 4:00 left" in text
    assert "line 45" not in text
    assert "level 1 · 10:00 left" in text
    now.s += 300
    assert "Acknowledge the alert within 5 minutes: over by 1:00" in console.answer("status").stdout


def test_any_other_line_is_a_command(console: Console) -> None:
    answer = console.answer("kubectl get pods -n production")
    assert (answer.stdout, answer.stderr, answer.status) == ("api-0 1/1 Running\nweb-0 1/1 Running\n", "", 0)


@pytest.mark.parametrize(
    ("line", "status", "text"),
    [
        ("rm -rf /", 126, "gameday: refused: rm: not an allowed program"),
        ("kubectl frobnicate", 1, 'unknown command "frobnicate"'),
        ("step x", 1, "`x` is no line"),
        ("step 7", 1, "line 7 of the document has no step"),
        ("runbook NOPE", 1, "no runbook NOPE"),
        ("update", 1, "the update has no text"),
        ("echo 'unfinished", 2, "unexpected EOF"),
    ],
)
def test_what_cannot_be_done_says_why_on_stderr(console: Console, line: str, status: int, text: str) -> None:
    answer = console.answer(line)
    assert (answer.stdout, answer.status) == ("", status)
    assert text in answer.stderr


def test_a_step_shows_its_command_output_and_changes(console: Console) -> None:
    answer = console.answer("step 11")
    assert answer.stdout.splitlines() == [
        "$ kubectl scale deployment api --replicas=3 -n production",
        "deployment.apps/api scaled",
        "changed: deployment/api replicas 1 -> 3",
    ]
    assert answer.status == 0


def test_a_step_for_a_person_is_named_as_one(console: Console) -> None:
    answer = console.answer("step 6")
    assert answer.status == 126
    assert "a person does this" in answer.stderr


def test_the_runbook_shows_lines_symptoms_and_filled_commands(console: Console) -> None:
    assert "symptom: requests are slow" in console.answer("runbook").stdout
    text = console.answer("runbook slow").stdout
    assert "step 11    kubectl scale deployment api --replicas=3 -n production" in text
    assert "(by hand)" in text


def test_an_empty_line_does_nothing(console: Console, recorded: RecordedIncident) -> None:
    known = list(recorded.events)
    assert console.answer("   ").status == 0
    assert recorded.events == known


def test_help_names_every_word(console: Console) -> None:
    text = console.answer("help").stdout
    for word in (
        "status",
        "runbook",
        "document",
        "ack",
        "investigate",
        "update",
        "escalate",
        "step",
        "note",
        "resolve",
    ):
        assert f"\n{word}" in f"\n{text}"
