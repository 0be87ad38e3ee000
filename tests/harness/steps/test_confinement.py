"""Commands of a session that the policy has not seen reach nothing, where the kernel can enforce that."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from harness.bash.parse import parse
from harness.machine.platform_state import Shell
from harness.steps import confined, confinement
from harness.steps.confinement import Confinement, Reach
from harness.steps.destinations import Destinations
from harness.steps.session import Session
from tests.support.small_cluster import SmallCluster

needs_landlock = pytest.mark.skipif(not confined.available(), reason="the kernel has no Landlock")


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    (tmp_path / "user" / ".kube").mkdir(parents=True)
    (tmp_path / "user" / ".kube" / "config").write_text("secret\n")
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    made = Session(SmallCluster(tmp_path).shell(), tmp_path / "run" / "steps", run_dir=tmp_path / "run")
    yield made
    made.close()


def output(session: Session, text: str) -> tuple[str, str]:
    """Standard output and error of a command, whatever the policy says of its text."""
    return session.run(parse(text), 20.0, 0.3, threading.Event()).text()


@needs_landlock
@pytest.mark.parametrize(
    "text",
    [
        "/bin/ls",
        "/usr/bin/id",
        "echo x > {folder}/elsewhere",
        "echo x >> {folder}/run/record.jsonl",
        "read -r x < {folder}/user/.kube/config; echo $x",
        "echo x > {folder}/user/.kube/config",
        "read -r x < /proc/{pid}/environ; echo $x",
        "kill -0 {pid}",
    ],
)
def test_command_that_slips_past_the_policy_reaches_nothing(session: Session, tmp_path: Path, text: str) -> None:
    out, err = output(session, text.format(folder=tmp_path, pid=os.getpid()))
    assert out.strip() == ""
    assert "Permission denied" in err or "not permitted" in err
    assert not (tmp_path / "elsewhere").exists()


@needs_landlock
def test_confined_command_works_in_its_own_folders(session: Session, tmp_path: Path) -> None:
    assert output(session, "kubectl get pods -n production | grep -c Running") == ("2\n", "")
    assert output(session, "echo x > $HOME/mine; read -r y < $HOME/mine; echo $y 2>/dev/null") == ("x\n", "")
    assert "LC_CTYPE" not in output(session, "export -p")[0]


@pytest.mark.skipif(not confined.restricts_tcp(), reason="the kernel's Landlock has no TCP")
def test_without_a_namespace_a_command_connects_to_the_ports_of_the_platform_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confinement, "no_namespace", lambda: "not on this machine")
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as one,
        closing(socket.create_server(("127.0.0.1", 0))) as other,
    ):
        platform = [one.getsockname()]
        session = Session(SmallCluster(tmp_path).shell(), tmp_path / "steps", destinations=lambda: platform)
        ports = [each.getsockname()[1] for each in (one, other)]
        said = [output(session, f"exec 3<>/dev/tcp/127.0.0.1/{port} && echo connected") for port in ports]
        session.close()
    assert said[0] == ("connected\n", "")
    assert said[1][0] == ""
    assert "Permission denied" in said[1][1]


@needs_landlock
def test_confined_program_ends_when_its_reader_has_ended(session: Session) -> None:
    """Bash of a process that ignores SIGPIPE would report a write error in place of ending by the signal."""
    out, err = output(session, 'while echo y; do :; done | head -n 1; echo "${PIPESTATUS[*]}"')
    assert (out, err) == ("y\n141 0\n", "")


@needs_landlock
def test_home_beside_thousands_of_others_is_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4000):
        (tmp_path / "homes" / f"user-with-a-name-of-usual-length-{number}").mkdir(parents=True)
    home = tmp_path / "homes" / "user-with-a-name-of-usual-length-7"
    (home / "secret").write_text("secret\n")
    monkeypatch.setenv("HOME", str(home))
    with closing(Session(SmallCluster(tmp_path).shell(), tmp_path / "run" / "steps", run_dir=tmp_path / "run")) as made:
        assert output(made, "echo started") == ("started\n", "")
        out, err = output(made, f"read -r x < {home}/secret; echo $x")
    assert out.strip() == ""
    assert "Permission denied" in err


def test_machine_without_means_runs_a_plain_bash(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(confined, "version", lambda: 0)
    monkeypatch.setattr(confinement, "no_namespace", lambda: "not on this machine")
    assert command(SmallCluster(tmp_path).shell(), tmp_path) == ("/bin/bash", None)


@needs_landlock
def test_real_kubectl_is_confined_unless_it_is_a_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "no_namespace", lambda: "not on this machine")
    shell = Shell(str(tmp_path), {"HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "config")}, tmp_path)
    program, rules = command(shell, tmp_path, Path("/bin/ls"))
    assert rules is not None
    assert (program, rules["connect"]) == ("/bin/bash", None)
    assert str(tmp_path / "config") in rules["read"]
    monkeypatch.setattr(confinement, "no_namespace", lambda: "")
    _, rules = command(shell, tmp_path, Path("/bin/ls"))
    assert rules is not None
    assert rules["connect"] == []
    (tmp_path / "kubectl").write_text("#!/bin/sh\nexec /opt/kubectl\n")
    assert command(shell, tmp_path, tmp_path / "kubectl") == ("/bin/bash", None)


def command(shell: Shell, folder: Path, kubectl: Path | None = None) -> tuple[str, confined.Rules | None]:
    """The program that the command for the bash of a shell starts in the end, and its rules; None: it has none."""
    reach = Reach((), (), Destinations(lambda: ()), kubectl)
    with closing(Confinement("/bin/bash", shell, reach, folder)) as made:
        if len(made.command) == 1:
            return made.command[0], None
        *_, given, program = made.command
        return program, confined.received(os.dup(int(given)))
