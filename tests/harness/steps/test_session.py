"""The session: a real bash that executes one command after another."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest

from harness.bash.parse import parse
from harness.errors import Interrupted
from harness.machine.waiting import wait_until
from harness.steps.outcome import Outcome
from harness.steps.session import Session
from tests.support.small_cluster import SmallCluster


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(SmallCluster(tmp_path).shell(), tmp_path / "steps", limit_bytes=2**20)
    yield made
    made.close()


def run(session: Session, text: str, *, deadline_s: float = 10.0, follow_s: float = 0.3) -> tuple[Outcome, str, str]:
    """Outcome, stdout and stderr of one command."""
    outcome = session.run(parse(text, 12), deadline_s, follow_s, threading.Event())
    return outcome, *outcome.text()


def test_variables_functions_and_working_directory_carry_over(session: Session) -> None:
    run(session, "X=3; cd /; f() { echo f has $1; }")
    assert run(session, 'echo $X $PWD; f "a b"')[1] == "3 /\nf has a b\n"


def test_environment_of_the_harness_is_not_inherited(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HARNESS", "x")
    exported = run(session, "export -p")[1]
    assert set(re.findall(r"^declare -\w+ (\w+)=", exported, re.MULTILINE)) == {
        "HOME", "STATE", "CURL_HOME", "PATH", "PWD", "SHLVL",
    }  # fmt: skip


def test_standard_input_is_empty(session: Session) -> None:
    assert run(session, 'cat; read -r x; echo "<$x>"')[1] == "<>\n"


def test_every_pipeline_stage_has_its_status(session: Session) -> None:
    assert run(session, "false | (exit 4) | true")[0].pipestatus == (1, 4, 0)
    outcome = run(session, "true | false")[0]
    assert (outcome.exit_status, outcome.pipestatus) == (1, (0, 1))


@pytest.mark.parametrize("text", ["echo (", 'echo "a', "if true", "echo a\necho ("])
def test_syntax_error_fails_the_command_and_runs_nothing_of_it(session: Session, text: str) -> None:
    outcome, stdout, stderr = run(session, text)
    assert outcome.exit_status == 2
    assert stdout == ""
    assert "bash: line" in stderr
    assert run(session, "echo on")[1] == "on\n"


@pytest.mark.parametrize(("text", "status"), [("exit 3", 3), ("set -e; (exit 3)", 3), ("echo ${none?missing}", 1)])
def test_command_that_ends_its_bash_does_not_end_the_session(session: Session, text: str, status: int) -> None:
    run(session, "X=kept")
    outcome = run(session, text)[0]
    assert outcome.left
    assert outcome.exit_status == status
    assert run(session, "echo $X")[1] == "kept\n"


@pytest.mark.parametrize("text", ["echo a \\", "echo a # b", "cat <<X\na\nX", "echo a;"])
def test_status_is_read_after_an_unusual_last_line(session: Session, text: str) -> None:
    outcome, stdout, _ = run(session, text)
    assert (outcome.exit_status, outcome.pipestatus, stdout) == (0, (0,), "a\n")


def test_followed_log_is_ended_at_its_producer_so_that_grep_prints_its_lines(session: Session) -> None:
    outcome, stdout, _ = run(session, "kubectl logs -f deployment/api -n production | grep -i TIMEOUT")
    assert stdout == '{"msg": "request timeout"}\n'
    assert outcome.ended
    assert not outcome.timed_out
    assert outcome.pipestatus[1] == 0
    assert outcome.pipestatus[0] in (130, 137, 143)


@pytest.mark.slow  # a producer has ten seconds for its first output
def test_endless_tail_is_ended(session: Session) -> None:
    outcome = run(session, "tail -f /dev/null | wc -l", deadline_s=30)[0]  # later than the ten seconds
    assert (outcome.ended, outcome.pipestatus[1]) == (True, 0)


def test_grep_for_the_text_of_an_endless_command_is_not_ended(session: Session) -> None:
    outcome = run(session, "sleep 0.8 | grep -c -e 'kubectl logs -f'; echo over")[0]
    assert (outcome.ended, outcome.exit_status) == (False, 0)


def test_deadline_kills_every_process_and_the_session_goes_on(session: Session) -> None:
    run(session, "X=kept")
    outcome = run(session, "timeout 60 sleep 61.5", deadline_s=0.4)[0]
    assert (outcome.timed_out, outcome.exit_status) == (True, None)
    assert "61.5" not in [word for process in psutil.process_iter() for word in _command_line(process)]
    assert run(session, "echo $X")[1] == "kept\n"


def test_deadline_kills_a_job_that_starts_processes_meanwhile(session: Session, tmp_path: Path) -> None:
    """In a process group of its own, about one a millisecond."""
    job = "set -m; { exec 7<> <(:); for ((;;)); do (read -u 7 -t 50) & done; } & wait"
    assert run(session, job, deadline_s=0.2)[0].timed_out
    assert wait_until(lambda: not any(map(partial(_has_home, tmp_path / "home"), psutil.process_iter())), 3.0)


def _has_home(home: Path, process: psutil.Process) -> bool:
    try:
        return process.environ().get("HOME") == str(home)
    except psutil.Error:
        return False


def test_state_survives_a_bash_that_is_killed_while_it_saves_it(session: Session) -> None:
    """The command ends just before its deadline: bash is killed at any moment of writing its variables."""
    run(session, 'X=kept; for i in {1..3000}; do eval "V$i=$i"; done')
    for tenth_ms in range(0, 300, 15):
        run(session, "sleep 0.05", deadline_s=0.05 + tenth_ms / 10_000)
        assert run(session, "echo $X")[1] == "kept\n"


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_output_is_cut_at_the_limit(session: Session) -> None:
    outcome = run(session, "while :; do echo yes yes yes yes; done")[0]
    assert outcome.overflowed
    assert outcome.stdout.stat().st_size == 2**20
    assert run(session, "echo on")[1] == "on\n"


def test_large_output_is_kept_in_full(session: Session) -> None:
    outcome = run(session, "seq 1 100000")[0]
    assert outcome.stdout.read_text().split() == [str(number) for number in range(1, 100001)]


def test_stop_kills_the_command_and_raises_with_its_line(session: Session) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(Interrupted, match="the command of line 12 was killed"):
        session.run(parse("sleep 62.5", 12), 30.0, 0.3, stop)
    assert "62.5" not in [word for process in psutil.process_iter() for word in _command_line(process)]


def test_close_ends_the_recorded_process_group(tmp_path: Path) -> None:
    groups: list[int] = []
    session = Session(SmallCluster(tmp_path).shell(), tmp_path / "steps", started=groups.append)
    run(session, "true")
    assert os.getpgid(groups[0]) == groups[0]
    session.close()
    session.close()
    with pytest.raises(ProcessLookupError):
        os.killpg(groups[0], 0)


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503 if self.path == "/health" else 404)
        self.end_headers()
        self.wfile.write(b"down")

    def log_message(self, *args: object) -> None:
        pass


def test_curl_prints_its_usual_output_and_its_http_status_is_kept(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), _Health) as server:
        session = Session(
            SmallCluster(tmp_path).shell(), tmp_path / "steps", destinations=lambda: [("127.0.0.1", server.server_port)]
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (tmp_path / "home" / ".curlrc").write_text(f'connect-to = "api:8080:127.0.0.1:{server.server_port}"\n')
        outcome, stdout, _ = run(session, "curl -s http://api:8080/health")
        server.shutdown()
    assert (stdout, outcome.exit_status) == ("down", 0)
    assert outcome.http == ("HTTP/1.0 503 Service Unavailable",)
    assert run(session, "echo")[0].http == ()
    session.close()


def test_curl_cannot_read_a_file(session: Session) -> None:
    assert run(session, "curl -s file:///etc/hostname")[1] == ""


def test_producer_is_followed_from_its_own_start(session: Session) -> None:
    text = "sleep 0.6; kubectl logs -f deployment/api | grep -c timeout"
    outcome, stdout, _ = run(session, text, deadline_s=20, follow_s=0.5)
    assert (outcome.ended, stdout) == (True, "1\n")
