"""Faults for services that know nothing of gameday: plain commands on the local platform, with a front each."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.bindings import FaultSpec, OwnService
from harness.faults.base import Injection, Target
from harness.faults.factory import make_fault
from harness.http import Answer, call
from harness.platforms.local.platform import LocalPlatform
from tests.support.own_service import SERVER
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    web = OwnService("web", SERVER, Path("/"), port=7090, health="/healthz")
    made = LocalPlatform(tmp_path_factory.mktemp("own") / "platform", services={"web": web})
    try:
        made.up()
        yield made
    finally:
        made.down()


def prepared(platform: LocalPlatform, name: str, **parameters: float) -> Injection:
    return make_fault(FaultSpec("web", name, parameters)).prepare(Target(platform, None))  # type: ignore[arg-type]


@contextmanager
def applied(platform: LocalPlatform, name: str, **parameters: float) -> Iterator[Injection]:
    injection = prepared(platform, name, **parameters)
    injection.apply()
    try:
        assert injection.state().state == "active", injection.state()
        yield injection
    finally:
        injection.revert()
    assert injection.state().state != "active"
    wait_until(lambda: ask(platform).status == 200, f"the service is well after {name}")


def ask(platform: LocalPlatform, timeout_s: float = 2.0) -> Answer:
    return call("GET", f"{platform.url('web')}/healthz", timeout_s=timeout_s)


def test_latency_delays_answers_of_a_pod_that_comes_later_too(platform: LocalPlatform) -> None:
    with applied(platform, "latency", delay_ms=200):
        (before,) = platform.state()["web"].pods
        platform.kubectl("delete", "pod", before, "-n", "production")
        wait_until(lambda: platform.state()["web"].pods != (before,) and ask(platform).status == 200)
        began_s = time.monotonic()
        assert ask(platform).status == 200
        assert time.monotonic() - began_s >= 0.199


def test_blackhole_holds_a_connection_that_existed_before(platform: LocalPlatform) -> None:
    host, port = platform.url("web").removeprefix("http://").split(":")
    request = b"GET /healthz HTTP/1.1\r\nHost: web\r\n\r\n"
    with socket.create_connection((host, int(port))) as client:
        with applied(platform, "blackhole"):
            client.sendall(request)
            client.settimeout(0.3)
            with pytest.raises(TimeoutError):
                client.recv(1)
            assert ask(platform, timeout_s=0.3).error.startswith("TimeoutError")
        client.settimeout(10)
        assert client.recv(12) in (b"HTTP/1.0 200", b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("name", "parameters", "status", "error"),
    [
        ("http-status", {"status": 500}, 500, ""),
        ("reset", {}, 0, "ConnectionResetError"),
        ("stop", {}, 0, "TimeoutError"),
    ],
)
def test_fault_bites_until_its_revert(
    platform: LocalPlatform, name: str, parameters: dict[str, float], status: int, error: str
) -> None:
    with applied(platform, name, **parameters):
        answer = ask(platform, timeout_s=0.5)
        assert answer.status == status
        assert answer.error.startswith(error)


def test_http_body_and_bandwidth_bite(platform: LocalPlatform) -> None:
    assert ask(platform).body == "well\n"
    with applied(platform, "http-body"):
        assert ask(platform).body == "?" * len("well\n")
    with applied(platform, "bandwidth", bytes_per_s=100):
        assert ask(platform, timeout_s=0.2).error.startswith("TimeoutError")


def test_cpu_pressure_and_memory_limit_work_in_a_pod_that_is_not_ours(platform: LocalPlatform) -> None:
    with applied(platform, "cpu-pressure"):
        assert ask(platform).status == 200
    with applied(platform, "memory-limit", limit_mb=1) as injection:
        wait_until(lambda: injection.state().why == "1 times it was exceeded")
        wait_until(lambda: " 1 (" in platform.kubectl("get", "pods", "-n", "production").stdout, "it is restarted")


def test_stopped_dependency_refuses_connections(platform: LocalPlatform) -> None:
    with applied(platform, "scale-to-zero"):
        wait_until(lambda: ask(platform).error.startswith("ConnectionRefusedError"))
