"""`gameday ui` and `gameday run --web` with input that cannot be used: what to do next, and nothing has run."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gameday import document, entry, in_process
from tests.support.paths import BINDINGS, RUNBOOK

PLAIN = """\
from locust import HttpUser, task


class Visitor(HttpUser):
    @task
    def look(self):
        self.client.get("/")
"""


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which another program listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield int(other.getsockname()[1])


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("ui", "--port", "{taken}", "--locust-port", "0"), "--port"),
        (("ui", "--port", "0", "--locust-port", "{taken}"), "--locust-port"),
        (("run", "--web", "{taken}"), "--web"),
    ],
)
def test_a_port_that_is_taken_is_named_with_its_option(
    words: tuple[str, ...], option: str, taken: int, tmp_path: Path
) -> None:
    done = in_process(*(word.format(taken=taken) for word in words), "--demo", "--only", "TIMEOUT", cwd=tmp_path)
    assert done.returncode == 2
    assert f"127.0.0.1:{taken}: the page cannot listen here" in done.stderr
    assert f"name another one with {option}," in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_a_host_that_is_not_of_this_machine_is_named(host: str, tmp_path: Path) -> None:
    for words in (("ui", "--locust-port", "0", "--port", "0"), ("run", "--web", "0")):
        done = in_process(*words, "--demo", "--host", host, cwd=tmp_path)
        assert done.returncode == 2
        assert host in done.stderr
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("ui",), ("run", "--web", "0")])
def test_a_document_without_runbooks_is_refused(words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "ops.md").write_text("# Operations\n\nCall the owner.\n")
    done = in_process(words[0], "ops.md", *words[1:], cwd=tmp_path)
    assert done.returncode == 2
    assert "ops.md: nothing to test" in done.stderr


def test_a_document_whose_runbooks_are_not_bound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ops.md").write_text(document(entry("TIMEOUT").replace("TIMEOUT:", "SLOWNESS:")))
    done = in_process("ui", "ops.md", "--bindings", BINDINGS, cwd=tmp_path)
    assert done.returncode == 2
    assert "`gameday check` says what is missing" in done.stderr


def test_a_plain_locustfile_is_refused_with_the_alternative(tmp_path: Path) -> None:
    (tmp_path / "visitors.py").write_text(PLAIN)
    text = BINDINGS.read_text().replace(
        "    scenario: timeout\n", f"    scenario: {tmp_path}/visitors.py\n    users: 5\n"
    )
    (tmp_path / "gameday.yaml").write_text(text.replace("[slos/*.yaml]", f"[{BINDINGS.parent}/slos/*.yaml]"))
    done = in_process("ui", RUNBOOK, "--bindings", "gameday.yaml", "--only", "TIMEOUT", cwd=tmp_path)
    assert done.returncode == 2
    assert "plain locustfile" in done.stderr
    assert "`gameday run --web`" in done.stderr


@pytest.mark.parametrize("port", ["x", "-1", "65536", "ops.md"])
def test_what_is_no_port_is_refused(port: str, tmp_path: Path) -> None:
    for words in (("run", "--demo", f"--web={port}"), ("ui", "--demo", f"--port={port}")):
        done = in_process(*words, cwd=tmp_path)
        assert done.returncode == 2
        assert f"`{port}` is not a port" in done.stderr
