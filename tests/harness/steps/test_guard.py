"""Programs are checked with the arguments that bash computed, whatever the text of the command looked like."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.bash.parse import parse
from harness.steps.guard import Guard
from harness.steps.outcome import Outcome
from harness.steps.run import Runner
from harness.steps.session import Session
from harness.steps.step import Step
from harness.verdict.steps import judge_step
from tests.support.small_cluster import SmallCluster


@pytest.fixture
def cluster(tmp_path: Path) -> SmallCluster:
    return SmallCluster(tmp_path)


@pytest.fixture
def session(cluster: SmallCluster, tmp_path: Path) -> Iterator[Session]:
    made = Session(cluster.shell(), tmp_path / "steps")
    yield made
    made.close()


def run(session: Session, text: str) -> Outcome:
    return session.run(parse(text), 20.0, 0.3, threading.Event())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("X='5 -f/etc/passwd'; grep $X", "grep -f: not an allowed option"),
        ("IFS=,; X='-m,1,-f/etc/passwd'; grep $X", "grep -f: not an allowed option"),
        ("echo a | timeout 5 grep -f /etc/passwd", "grep -f: not an allowed option"),
        ("Y='5 sort -o x'; timeout $Y", "sort -o: not an allowed option"),
        ("X='-A a -o out'; curl $X http://api/", "curl -o out: writes a file; only /dev/null is allowed"),
        ("echo rm x | xargs kubectl exec p --", "xargs kubectl exec: the command in the pod is only known at run time"),
        ("echo --kubeconfig=/x | xargs kubectl get pods", "uses another cluster, user or API path than the sandbox's"),
        ("P='BEGIN{system(1)}'; awk \"$P\"", "awk: `system` can run programs or access files"),
        ("X='exec p -- rm x'; kubectl $X", "rm: not an allowed program"),
        ("X=-v; [ $X 'a[1]' ]", "test -v: can execute text as a command"),
        ("X=-v; test $X 'a[1]'", "test -v: can execute text as a command"),
        ("date 99999999", "date 99999999: not an allowed option"),
        ("tee x", "tee: not an allowed program"),
        ("bash -c true", "bash: not an allowed program"),
    ],
)
def test_program_is_refused_for_its_real_arguments(session: Session, tmp_path: Path, text: str, why: str) -> None:
    outcome = run(session, text)
    assert why in "; ".join(outcome.refusals)
    assert why in outcome.text()[1]
    assert [file.name for file in tmp_path.rglob("out")] == []


@pytest.mark.parametrize(
    "text",
    [
        "unset PATH; : ${PATH:=/usr/bin:/bin}; rm x",
        "PATH=/usr/bin:/bin; rm x",
        "rm() { true; }; unset -f rm; rm x",
        "declare PATH=/usr/bin; rm x",
    ],
)
def test_program_of_the_machine_is_not_found(session: Session, tmp_path: Path, text: str) -> None:
    (tmp_path / "home" / "x").write_text("kept")
    run(session, text)
    assert (tmp_path / "home" / "x").read_text() == "kept"


@pytest.mark.parametrize(
    ("text", "stdout"),
    [
        ("echo 'a  b' | grep -c 'a  b'", "1\n"),
        ("X='a b'; printf '%s\\n' \"$X\" a | grep \"$X\" | wc -l", "1\n"),
        ("printf 'a\\nb\\n' | xargs -n1 echo x", "x a\nx b\n"),
        ("grep -v '' </dev/null; echo $?", "1\n"),
        ("n=3; [ $n -gt 2 ] && test -z '' && echo yes", "yes\n"),
        ("kubectl get pods -n production | grep -c Running", "2\n"),
    ],
)
def test_program_runs_with_its_arguments_unchanged(session: Session, text: str, stdout: str) -> None:
    outcome = run(session, text)
    assert (outcome.text()[0], outcome.refusals) == (stdout, ())


def test_program_has_its_own_name_in_its_messages(session: Session) -> None:
    assert run(session, "cut -d: 2>&1").text()[0].startswith("cut: ")


def test_step_is_refused_when_a_program_of_it_was(cluster: SmallCluster, session: Session) -> None:
    text = "kubectl get pods -n production $(echo --context=other) | wc -l"
    step = Step(1, "command", "read", text, script=parse(text))
    facts = Runner(cluster, session, threading.Event()).run(step)
    why = "kubectl --context=other: uses another cluster, user or API path than the sandbox's"
    assert judge_step(facts) == ("refused", why)


def test_nothing_runs_without_an_answer(cluster: SmallCluster, session: Session) -> None:
    session._guard.close()
    assert "the harness does not answer" in run(session, "kubectl get pods -n production").text()[1]


def test_strangers_get_no_answer(cluster: SmallCluster, tmp_path: Path) -> None:
    asked: list[object] = []
    guard = Guard(cluster.shell(), tmp_path / "guard", lambda argv: asked.append(argv) or ())
    try:
        port = int((tmp_path / "guard" / "kubectl").read_text().split("/dev/tcp/127.0.0.1/")[1].split(";")[0])
        with socket.create_connection(("127.0.0.1", port)) as stranger:
            stranger.sendall(b"wrong\0001\0kubectl\0get\0")
            assert stranger.recv(100) == b""
    finally:
        guard.close()
    assert asked == []
