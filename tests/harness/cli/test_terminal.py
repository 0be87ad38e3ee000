"""The desk in a terminal: what is typed, what is shown, and that the end of a drill waits for neither."""

from __future__ import annotations

import io
import os
import pty
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.cli.terminal import DeskTerminal, Terminal
from harness.record.incident import CommandTyped, NoteTaken
from harness.responders.desk import IncidentDesk
from harness.responders.sections import Section
from tests.support.desk import ALERT_S, Now, alerted
from tests.support.incident import RecordedIncident
from tests.support.small_cluster import SmallCluster
from tests.support.waiting import wait_until


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[RecordedIncident]:
    with alerted(SmallCluster(tmp_path), tmp_path, "half of it fails") as incident:
        yield incident


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def desk(recorded: RecordedIncident, now: Now) -> IncidentDesk:
    return IncidentDesk(recorded.incident, [Section("A", "A", 1, (), ())], "human", budget_s=600, clock=now)


def test_lines_are_read_and_answered_until_the_person_resolves(desk: IncidentDesk, recorded: RecordedIncident) -> None:
    shown, (read, write) = io.StringIO(), os.pipe()
    os.write(write, b"ack\nnote no hurry\nresolve fixed\n")
    with DeskTerminal(Terminal(shown), "Ann", read)(desk):
        desk.attend()
    os.close(read)
    os.close(write)
    assert [each.action for each in recorded.handled] == ["acknowledged", "resolved"]
    assert [event.by for event in recorded.events if isinstance(event, NoteTaken)] == ["Ann"]
    text = shown.getvalue()
    assert text.index("P0  half of it fails") < text.index("acknowledged\n") < text.index("resolved;")


def test_a_line_that_is_being_typed_does_not_hold_up_the_end(desk: IncidentDesk) -> None:
    read, write = os.pipe()
    os.write(write, b"unfinish")
    with DeskTerminal(Terminal(io.StringIO()), "Ann", read)(desk):
        desk.close()
    assert "terminal" not in [thread.name for thread in threading.enumerate()]
    os.close(read)
    os.close(write)


def test_without_input_the_desk_can_be_used_elsewhere(desk: IncidentDesk, recorded: RecordedIncident) -> None:
    read = os.open(os.devnull, os.O_RDONLY)
    with DeskTerminal(Terminal(io.StringIO()), "Ann", read)(desk):
        desk.resolve()
        desk.attend()
    os.close(read)
    assert [each.action for each in recorded.handled] == ["resolved"]


def test_ctrl_c_ends_the_command_that_runs_and_only_that(desk: IncidentDesk, recorded: RecordedIncident) -> None:
    shown, (read, write) = io.StringIO(), os.pipe()
    front = DeskTerminal(Terminal(shown), "Ann", read)
    assert not front.interrupt()
    with front(desk):
        assert not front.interrupt()
        os.write(write, b"sleep 60\n")
        wait_until(front.interrupt)
        wait_until(lambda: "gameday: interrupted" in shown.getvalue())
    assert not front.interrupt()
    assert [event.exit_status for event in recorded.events if isinstance(event, CommandTyped)] == [None]
    os.close(read)
    os.close(write)


def test_a_clock_that_is_over_is_shown_once(desk: IncidentDesk, now: Now) -> None:
    shown, (read, write) = io.StringIO(), os.pipe()
    with DeskTerminal(Terminal(shown), "Ann", read)(desk):
        now.s = ALERT_S + 301
        wait_until(lambda: "over by 0:01" in shown.getvalue())
        os.write(write, b"note one\n")
        wait_until(lambda: "noted" in shown.getvalue())
        os.write(write, b"note two\n")
        wait_until(lambda: shown.getvalue().count("noted") == 2)
    assert shown.getvalue().count("over by") == 1
    os.close(read)
    os.close(write)


def test_a_message_goes_above_the_prompt_that_waits_and_the_prompt_is_taken_away() -> None:
    master, slave = pty.openpty()
    with open(slave, "w", encoding="utf-8") as stream:
        terminal = Terminal(stream)
        terminal.ask("gameday> ")
        terminal.say("ALERT")
        terminal.ask("")
        terminal.say("the end")
        found = ""
        while not found.endswith("the end\r\n"):
            found += os.read(master, 1000).decode()
    os.close(master)
    assert found == "gameday> \r\x1b[KALERT\r\ngameday> \r\x1b[Kthe end\r\n"


def test_a_log_gets_no_prompt_and_no_escape_sequence() -> None:
    shown = io.StringIO()
    terminal = Terminal(shown)
    terminal.ask("gameday> ")
    terminal.say("a line\033[2J with control characters")
    assert "gameday>" not in shown.getvalue()
    assert "\033" not in shown.getvalue()
