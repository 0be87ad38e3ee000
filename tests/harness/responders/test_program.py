"""Programs as responders, on a small cluster: what they get, may do and leave behind."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from harness.errors import Interrupted, MachineError
from harness.record.events import FindingNoted, ProcessStarted
from harness.record.incident import CommandTyped
from harness.responders import supervise
from harness.responders.program import ProgramResponder
from harness.responders.program_process import KEPT_BYTES
from harness.steps.confined import available
from harness.steps.confinement import no_namespace
from harness.steps.run import StepLimits
from tests.support.incident import RecordedIncident
from tests.support.small_cluster import SmallCluster
from tests.support.waiting import wait_until

needs_files = pytest.mark.skipif(not available(), reason="this kernel has no Landlock")
needs_network = pytest.mark.skipif(bool(no_namespace()), reason=no_namespace())


def written(folder: Path, text: str, *, program: str = "bash", name: str = "fix") -> str:
    """The command line of a script with this text."""
    (folder / "own").mkdir(exist_ok=True)
    script = folder / "own" / name
    script.write_text(textwrap.dedent(text))
    return f"{sys.executable if program == 'python' else program} {script}"


def respond(recorded: RecordedIncident, command: str, budget_s: float = 60.0) -> None:
    limits = StepLimits(follow_s=0.3, settle_s=0.2)
    ProgramResponder(command, budget_s=budget_s, limits=limits).respond(recorded.incident)


def output(recorded: RecordedIncident) -> str:
    return (recorded.session.folder / "responder.out").read_text()


@pytest.fixture
def nap() -> Iterator[str]:
    """A `sleep` that only this test has started; what is left of it is ended."""
    nap = f"{random.randrange(10**6, 10**9)}"
    yield f"sleep {nap}"
    for process in asleep(f"sleep {nap}"):
        process.kill()


def asleep(nap: str) -> list[psutil.Process]:
    """The processes that run this command line."""
    return [process for process in psutil.process_iter(["cmdline"]) if process.info["cmdline"] == nap.split()]


def findings(recorded: RecordedIncident) -> list[str]:
    return [event.text for event in recorded.events if isinstance(event, FindingNoted)]


def group(recorded: RecordedIncident) -> int:
    return next(event.pgid for event in recorded.events if isinstance(event, ProcessStarted))


def test_it_reads_the_briefing_acts_and_resolves(recorded: RecordedIncident, tmp_path: Path) -> None:
    command = written(
        tmp_path,
        """\
        import json, subprocess, sys
        briefing = json.load(sys.stdin)
        assert briefing["version"] == 1
        assert [alert["priority"] for alert in briefing["alerts"]] == ["P0"]
        (step,) = [each for each in briefing["document"]["runbooks"][0]["steps"] if each["line"] == 11]
        subprocess.run(["desk", "ack"], check=True)
        done = subprocess.run(step["command"].split(), check=True, capture_output=True, text=True)
        print("it said", done.stdout)
        """,
        program="python",
    )
    respond(recorded, command)
    assert output(recorded) == "acknowledged\nit said deployment.apps/api scaled\n\n"
    assert [(each.action, each.by) for each in recorded.handled] == [
        ("acknowledged", "program"),
        ("resolved", "program"),
    ]
    assert [(facts.line, facts.changed) for facts in recorded.steps_executed] == [
        (11, ("deployment/api replicas 1 -> 3",))
    ]
    assert findings(recorded) == []


def test_commands_are_checked_by_the_policy_and_recorded(
    recorded: RecordedIncident, cluster: SmallCluster, tmp_path: Path
) -> None:
    respond(
        recorded,
        written(
            tmp_path,
            """\
            kubectl scale deployment web --replicas=2 -n production
            kubectl --kubeconfig=/etc/passwd get pods; echo "status $?"
            curl http://example.com; echo "status $?"
            """,
        ),
    )
    typed = [event for event in recorded.events if isinstance(event, CommandTyped)]
    assert [each.exit_status for each in typed] == [0, None, None]
    assert typed[0].changed == ("deployment/web replicas 1 -> 2",)
    assert all(each.refused for each in typed[1:])
    assert output(recorded).count("status 126") == 2
    assert cluster.state()["web"].replicas == 2


def test_its_environment_has_nothing_of_the_callers(
    recorded: RecordedIncident, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2-Secret")
    monkeypatch.setenv("KUBECONFIG", "/home/ann/.kube/config")
    respond(recorded, written(tmp_path, "env; echo; cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'; true"))
    text = output(recorded)
    assert "HOME=" in text
    assert "hunter2-Secret" not in text
    assert "KUBECONFIG" not in text
    names = {line.partition("=")[0] for line in text.partition("\n\n")[0].splitlines()}
    assert names <= {"PATH", "HOME", "TMPDIR", "LANG", "PYTHONDONTWRITEBYTECODE", "PWD", "SHLVL", "_"}


@needs_network
def test_it_reaches_no_network(recorded: RecordedIncident, tmp_path: Path) -> None:
    command = written(
        tmp_path,
        """\
        import socket, sys
        with socket.socket() as tried:
            try:
                tried.connect(("127.0.0.1", int(sys.argv[1])))
                print("connected")
            except OSError as error:
                print("refused", error.strerror)
        """,
        program="python",
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        respond(recorded, f"{command} {server.getsockname()[1]}")
    assert output(recorded).startswith("refused")


@needs_files
def test_it_writes_in_its_own_folder_only_which_is_removed(recorded: RecordedIncident, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    respond(
        recorded,
        written(
            tmp_path, f"echo x >{victim}; echo y >$TMPDIR/mine && cat $TMPDIR/mine; pwd -P >&2; echo $HOME; exit 0"
        ),
    )
    assert not victim.exists()
    assert "\ny\n" in output(recorded)
    home = output(recorded).splitlines()[-1]
    assert home.endswith("/home")
    assert not Path(home).parent.exists()


@pytest.mark.parametrize(
    ("text", "status", "last"),
    [("echo first; echo 'it is broken' >&2; exit 3", 3, "it is broken"), ("kill -9 $$", 137, "")],
)
def test_a_program_that_fails_is_a_finding_and_resolves_nothing(
    recorded: RecordedIncident, tmp_path: Path, text: str, status: int, last: str
) -> None:
    respond(recorded, written(tmp_path, text))
    assert findings(recorded) == [f"the responder ended with exit status {status}{f': {last}' if last else ''}"]
    assert recorded.handled == []


def test_garbage_and_secrets_in_its_output_do_no_harm(recorded: RecordedIncident, tmp_path: Path) -> None:
    respond(recorded, written(tmp_path, r"printf '\377\000\033[2J{]password=hunter2-Secret\n'; exit 1"))
    (finding,) = findings(recorded)
    assert "exit status 1" in finding
    assert "hunter2-Secret" not in finding + output(recorded)


def test_a_program_that_hangs_is_killed_at_its_budget_with_all_that_it_started(
    recorded: RecordedIncident, tmp_path: Path, nap: str
) -> None:
    respond(
        recorded,
        written(
            tmp_path,
            f"""\
            trap '' TERM INT HUP
            for n in 1 2 3; do {nap} & done
            setsid -f {nap}
            (setsid {nap} & ) &
            echo started
            wait
            """,
        ),
        budget_s=2.0,
    )
    assert findings(recorded) == ["the responder did not end within 2 s, and was killed: started"]
    assert asleep(nap) == []
    with pytest.raises(ProcessLookupError):
        os.killpg(group(recorded), 0)


def test_children_that_a_program_leaves_behind_end_with_it(
    recorded: RecordedIncident, tmp_path: Path, nap: str
) -> None:
    respond(recorded, written(tmp_path, f"setsid -f {nap}; {nap} & exit 0"))
    assert [each.action for each in recorded.handled] == ["resolved"]
    assert asleep(nap) == []


def test_a_program_ends_with_gameday_that_was_killed(nap: str) -> None:
    start = (
        "import os, subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-IS', sys.argv[1], str(os.getpid()), '/bin/bash', '-c', sys.argv[2]])\n"
        "time.sleep(600)"
    )
    killed = subprocess.Popen([sys.executable, "-c", start, supervise.__file__, f"setsid -f {nap}; {nap}"])
    try:
        wait_until(lambda: len(asleep(nap)) == 2)
    finally:
        killed.kill()
        killed.wait()
    wait_until(lambda: not asleep(nap))


def test_a_hundred_megabytes_of_output_are_cut_and_delay_nothing(recorded: RecordedIncident, tmp_path: Path) -> None:
    respond(recorded, written(tmp_path, "head -c 104857600 /dev/zero | tr '\\0' x; desk ack >/dev/null"))
    assert [each.action for each in recorded.handled] == ["acknowledged", "resolved"]
    assert (recorded.session.folder / "responder.out").stat().st_size == KEPT_BYTES
    assert findings(recorded) == ["the responder printed 104,857,600 bytes; the first 1,048,576 are kept"]


def test_a_run_that_is_stopped_ends_the_program(recorded: RecordedIncident, tmp_path: Path, nap: str) -> None:
    ended: list[BaseException] = []

    def run() -> None:
        try:
            respond(recorded, written(tmp_path, nap))
        except Interrupted as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: asleep(nap))
    recorded.stop.set()
    thread.join()
    assert len(ended) == 1
    assert asleep(nap) == []


@pytest.mark.parametrize(
    ("command", "why"), [("no-such-program --now", "no-such-program"), ("'open", "no command line"), ("", "``")]
)
def test_a_command_line_that_cannot_run_is_refused_before_anything_starts(command: str, why: str) -> None:
    with pytest.raises(MachineError, match=why):
        ProgramResponder(command)
