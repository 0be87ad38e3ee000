"""Probes of a container: when failures count, and what is reported."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

import pytest

from harness.cluster import probes
from harness.cluster.api import Invalid, Process
from harness.cluster.probes import NO_PROBE, Probe, Probed, watch
from harness.machine.objects import Obj
from tests.support.network import free_port


class Command:
    """A command of the test's machine. Implements api.Process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.stdout, self.stderr = _chunks(process.stdout), _chunks(process.stderr)

    async def wait(self) -> int:
        return await self._process.wait()

    def kill(self) -> None:
        self._process.kill()


async def _chunks(stream: asyncio.StreamReader | None) -> AsyncIterator[bytes]:
    while stream is not None and (chunk := await stream.read(1000)):
        yield chunk


async def execute(argv: Sequence[str]) -> Process:
    """Start a command as a runtime does. Raises FileNotFoundError."""
    pipe = asyncio.subprocess.PIPE
    return Command(await asyncio.create_subprocess_exec(*argv, stdout=pipe, stderr=pipe))


HERE = Probed("127.0.0.1", execute)


class Over(Exception):
    """The scripted answers are used up."""


@dataclass(frozen=True)
class ScriptedProbe(Probe):
    """A probe with given answers: "" is a success."""

    answers: list[str] = field(default_factory=list)

    async def ask(self, probed: Probed) -> str:
        if not self.answers:
            raise Over
        return self.answers.pop(0)


def changes(kind: str, answers: Iterable[str]) -> tuple[list[bool], list[str]]:
    """The health changes and the reported failures of one container."""
    seen: list[bool] = []
    reported: list[str] = []

    async def on_change(healthy: bool) -> bool:
        seen.append(healthy)
        return True

    def on_answer(why: str, counts: bool) -> None:
        reported.extend([why] if why and counts else [])

    probe = ScriptedProbe(kind, "/", 80, period_s=0.001, timeout_s=1, failures=3, answers=list(answers))
    with pytest.raises(Over):
        asyncio.run(watch(probe, HERE, on_change, on_answer))
    return seen, reported


@pytest.mark.parametrize("kind", ["Liveness", "Readiness"])
def test_failures_before_the_first_success_do_not_count(kind: str) -> None:
    assert changes(kind, ["refused"] * 20 + [""]) == ([True], [])


def test_liveness_failures_after_the_first_success_restart_it_at_the_threshold() -> None:
    assert changes("Liveness", ["", "stuck", "stuck", "", "stuck", "stuck", "stuck"]) == ([True, False], ["stuck"] * 5)


@pytest.mark.parametrize("kind", ["Liveness", "Readiness"])
def test_failures_of_a_container_that_never_starts_count_from_the_limit_on(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert changes(kind, ["refused"] * 3) == ([], [])
    monkeypatch.setattr(probes, "STARTUP_LIMIT_S", 0.0)
    assert changes(kind, ["refused"] * 3) == ([False], ["refused"] * 3)


@pytest.mark.parametrize("path", [None, "/healthz"])
def test_probe_reports_a_refused_connection_as_a_kubelet_does(path: str | None) -> None:
    port = free_port()
    action: Obj = {"tcpSocket": {"port": port}} if path is None else {"httpGet": {"path": path, "port": port}}
    probe = Probe.read({"readinessProbe": action}, "Readiness")
    assert probe is not None
    get = "" if path is None else f'Get "http://127.0.0.1:{port}{path}": '
    why = f"Readiness probe failed: {get}dial tcp 127.0.0.1:{port}: connect: connection refused"
    assert asyncio.run(probe.ask(HERE)) == why


def test_connection_is_enough_for_a_tcp_probe() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        probe = Probe.read({"livenessProbe": {"tcpSocket": {"port": server.getsockname()[1]}}}, "Liveness")
        assert probe is not None
        assert asyncio.run(probe.ask(HERE)) == ""


def asked(command: Sequence[str], timeout_s: float = 5.0, probed: Probed = HERE) -> str:
    probe = Probe.read(
        {"readinessProbe": {"exec": {"command": list(command)}, "timeoutSeconds": timeout_s}}, "Readiness"
    )
    assert probe is not None
    return asyncio.run(probe.ask(probed))


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 0", ""),
        ("echo all; echo is lost >&2; exit 7", "Readiness probe failed: all\nis lost"),
        ("exit 7", "Readiness probe failed: exit status 7"),
    ],
)
def test_probe_by_a_command_is_its_exit_status(script: str, message: str) -> None:
    assert asked(["sh", "-c", script]) == message


def test_command_of_a_probe_ends_at_its_timeout() -> None:
    started: list[Process] = []

    async def noted(argv: Sequence[str]) -> Process:
        started.append(await execute(argv))
        return started[0]

    async def ask() -> tuple[str, int]:
        spec: Obj = {"exec": {"command": ["sleep", "60"]}, "timeoutSeconds": 0.05}
        probe = Probe.read({"readinessProbe": spec}, "Readiness")
        assert probe is not None
        return await probe.ask(Probed("127.0.0.1", noted)), await started[0].wait()

    message = 'Readiness probe failed: command timed out: "sleep 60" timed out after 0.05s'
    assert asyncio.run(ask()) == (message, -9)


def test_probe_by_a_command_that_the_container_lacks_fails() -> None:
    assert asked(["no-such-program"]) == "Readiness probe failed: no-such-program: no such program"


def test_probe_by_a_command_fails_when_the_container_takes_none() -> None:
    async def refused(_: Sequence[str]) -> Process:
        raise Invalid("container is paused")

    assert asked(["true"], probed=Probed("127.0.0.1", refused)) == "Readiness probe failed: container is paused"


def test_container_without_a_probe_is_ready_when_it_runs() -> None:
    assert asyncio.run(NO_PROBE.ask(HERE)) == ""


def test_connection_that_a_forwarding_proxy_closes_is_none() -> None:
    """docker-proxy accepts every connection, and closes those that the container refuses."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        probe = Probe.read({"readinessProbe": {"tcpSocket": {"port": server.getsockname()[1]}}}, "Readiness")
        assert probe is not None

        async def ask(*, close: bool) -> str:
            asking = asyncio.create_task(probe.ask(replace(HERE, forwarded=True)))
            client, _ = await asyncio.to_thread(server.accept)
            with client:
                if not close:
                    await asking
            return await asking

        closed = f"dial tcp 127.0.0.1:{server.getsockname()[1]}: connect: connection refused"
        assert asyncio.run(ask(close=True)) == f"Readiness probe failed: {closed}"
        assert asyncio.run(ask(close=False)) == ""
