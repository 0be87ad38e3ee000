"""The desk on a unix socket, and `gameday shell` at the other end."""

from __future__ import annotations

import io
import os
import signal
import socket
import stat
import threading
from pathlib import Path

import pytest

from harness.cli.shell import find_socket, open_shell
from harness.errors import MachineError
from harness.machine import run_registry
from harness.machine.local_socket import LocalClient
from harness.record.incident import CommandTyped, NoteTaken
from harness.responders.desk import IncidentDesk
from harness.responders.desk_socket import SOCKET, desk_socket
from tests.support.incident import RecordedIncident
from tests.support.waiting import wait_until


def test_a_line_is_answered(desk: IncidentDesk) -> None:
    with desk_socket(desk) as path:
        client = LocalClient(path)
        answer = client.ask({"line": "echo hello"})
        client.close()
    assert answer is not None
    assert (answer["stdout"], answer["status"], answer["open"]) == ("hello\n", 0, True)


def test_the_socket_is_for_this_user_alone_and_is_removed(desk: IncidentDesk) -> None:
    with desk_socket(desk) as path:
        assert path == desk.run_dir / SOCKET
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_a_folder_with_a_very_long_path_is_no_obstacle(desk: IncidentDesk, tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    with desk_socket(desk, folder) as path:
        client = LocalClient(path)
        assert client.ask({"line": "ack"}) is not None
        client.close()


@pytest.mark.parametrize("request_line", [b"garbage\n", b"[1]\n", b"\xff\xff\n", b"{", b""])
def test_what_is_no_request_ends_its_connection_only(desk: IncidentDesk, request_line: bytes) -> None:
    with desk_socket(desk) as path:
        with socket.socket(socket.AF_UNIX) as raw:
            raw.connect(str(path)) if len(str(path)) < 100 else pytest.skip("a long temporary folder")
            raw.sendall(request_line)
            raw.shutdown(socket.SHUT_WR)
            assert raw.recv(10) == b""
        client = LocalClient(path)
        assert client.ask({"line": "echo on"}) is not None
        client.close()


def test_the_end_of_the_response_ends_the_conversation(desk: IncidentDesk) -> None:
    with desk_socket(desk) as path:
        client = LocalClient(path)
        answer = client.ask({"line": "resolve"})
        assert answer is not None
        assert answer["open"] is False
    assert client.ask({"line": "status"}) is None
    client.close()


def test_the_shell_sends_its_lines_and_ends_with_the_last_status(
    desk: IncidentDesk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("ack\nkubectl get pods -n production\nrm x\n"))
    with desk_socket(desk):
        assert open_shell(desk.run_dir) == 126
    shown = capsys.readouterr()
    assert shown.out == "acknowledged\napi-0 1/1 Running\nweb-0 1/1 Running\n"
    assert "not an allowed program" in shown.err


def test_an_observer_takes_notes_under_their_name(
    desk: IncidentDesk, recorded: RecordedIncident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("note looks at the wrong service\n"))
    with desk_socket(desk):
        open_shell(desk.run_dir, "Ann")
    assert [(event.by, event.text) for event in recorded.events if isinstance(event, NoteTaken)] == [
        ("Ann", "looks at the wrong service")
    ]


def test_the_shell_ends_with_the_response(
    desk: IncidentDesk, recorded: RecordedIncident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("resolve done\necho never\n"))
    with desk_socket(desk):
        assert open_shell(desk.run_dir) == 0
    assert not [event for event in recorded.events if isinstance(event, CommandTyped)]


def test_ctrl_c_in_the_shell_ends_the_command_and_not_the_shell(
    desk: IncidentDesk, recorded: RecordedIncident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("sleep 60\necho next\n"))
    runs = desk.run_dir / "steps" / "001.out"

    def press() -> None:
        wait_until(runs.exists)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with desk_socket(desk):
        assert open_shell(desk.run_dir) == 0
    thread.join()
    typed = [event for event in recorded.events if isinstance(event, CommandTyped)]
    assert [(each.command, each.exit_status) for each in typed] == [("sleep 60", None), ("echo next", 0)]


def test_escape_sequences_of_output_do_not_reach_the_terminal(
    desk: IncidentDesk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("printf '\\033]0;owned\\007'\n"))
    with desk_socket(desk):
        open_shell(desk.run_dir)
    assert "\033" not in capsys.readouterr().out


def test_without_a_drill_the_shell_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="gameday drill"):
        find_socket(None)
    with pytest.raises(MachineError, match="no incident of this run"):
        find_socket(tmp_path)


def test_the_only_drill_that_runs_is_found(desk: IncidentDesk, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with run_registry.registered(desk.run_dir), run_registry.registered(other), desk_socket(desk) as path:
        assert find_socket(None) == path
        with desk_socket(desk, other), pytest.raises(MachineError, match="several incidents"):
            find_socket(None)


def test_a_socket_that_a_killed_drill_left_behind_is_explained(desk: IncidentDesk, tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / SOCKET)) if len(str(tmp_path)) < 90 else pytest.skip("a long temporary folder")
    left.close()
    with pytest.raises(MachineError, match="does not answer"):
        open_shell(tmp_path)
    with desk_socket(desk, tmp_path) as path:
        assert path.exists()
