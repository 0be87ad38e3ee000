"""Probes of a container: when failures count, and what is reported."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from harness.cluster import probes
from harness.cluster.probes import Probe, watch
from harness.machine.objects import Obj
from tests.support.network import free_port


class Over(Exception):
    """The scripted answers are used up."""


@dataclass(frozen=True)
class ScriptedProbe(Probe):
    """A probe with given answers: "" is a success."""

    answers: list[str] = field(default_factory=list)

    async def ask(self, address: str) -> str:
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

    probe = ScriptedProbe(kind, "/", 80, period_s=0.001, timeout_s=1, failures=3, answers=list(answers))
    with pytest.raises(Over):
        asyncio.run(watch(probe, "127.0.0.1", on_change, reported.append))
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
    assert asyncio.run(probe.ask("127.0.0.1")) == why


def test_connection_is_enough_for_a_tcp_probe() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        probe = Probe.read({"livenessProbe": {"tcpSocket": {"port": server.getsockname()[1]}}}, "Liveness")
        assert probe is not None
        assert asyncio.run(probe.ask("127.0.0.1")) == ""
