"""Faults of the proxies and of the containers on a real engine."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from harness.bindings import FaultSpec
from harness.errors import PlatformError
from harness.faults.base import FaultState, Injection, Target
from harness.faults.factory import make_fault
from harness.http import Answer, call
from harness.platforms.docker.platform import DockerPlatform
from tests.support.docker import parts, ready_provider
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerPlatform]:
    with ready_provider(tmp_path_factory.mktemp("shared")) as provider:
        made = provider.create(tmp_path_factory.mktemp("docker"), "treatment", {})
        try:
            made.up()
            yield made
        finally:
            made.down()
            assert parts(made.folder) == {}


def prepared(platform: DockerPlatform, name: str, **parameters: float) -> Injection:
    fault = make_fault(FaultSpec("inference", name, parameters))
    return fault.prepare(Target(platform, None))  # type: ignore[arg-type]


def ask(platform: DockerPlatform, timeout_s: float = 5.0) -> Answer:
    return call("GET", f"{platform.url('inference')}/health", timeout_s=timeout_s)


def test_latency_of_the_proxy_outlives_its_pods(platform: DockerPlatform) -> None:
    injection = prepared(platform, "latency", delay_ms=300)
    injection.apply()
    (before,) = platform.state()["inference"].pods
    platform.kubectl("delete", "pod", before, "-n", "production", timeout_s=60)
    wait_until(lambda: platform.state()["inference"].pods != (before,) and ask(platform).status == 200)
    began_s = time.monotonic()
    assert ask(platform).status == 200
    assert time.monotonic() - began_s >= 0.299
    assert injection.state().state == "active"
    injection.revert()


@pytest.mark.parametrize(
    ("name", "status", "error"),
    [
        ("http-status", 503, ""),
        ("reset", 0, "RemoteDisconnected"),  # docker's own proxy makes a normal end of the RST on its way to the host
        ("stop", 0, "TimeoutError"),
    ],
)
def test_fault_bites_until_its_revert(platform: DockerPlatform, name: str, status: int, error: str) -> None:
    wait_until(lambda: ask(platform).status == 200)
    injection = prepared(platform, name)
    injection.apply()
    try:
        assert injection.state().state == "active"
        answer = ask(platform, timeout_s=1.0)
        assert answer.status == status
        assert answer.error.startswith(error)
    finally:
        injection.revert()
    assert injection.state().state == "ended"
    assert ask(platform).status == 200


def finds(platform: DockerPlatform, name: str) -> bool:
    argv = ("exec", "deployment/inference", "-n", "production", "--", "getent", "hosts", name)
    return platform.kubectl(*argv).status == 0


def test_names_cannot_be_resolved_until_the_revert(platform: DockerPlatform) -> None:
    injection = prepared(platform, "dns-failure")
    assert injection.text == "restore /etc/resolv.conf of inference"
    assert finds(platform, "tool-service")
    injection.apply()
    try:
        assert injection.state() == FaultState("active", "1 of 1 containers have no DNS server")
        assert not finds(platform, "tool-service")
        assert ask(platform).status == 200, "the service itself runs"
        (before,) = platform.state()["inference"].pods
        platform.kubectl("delete", "pod", before, "-n", "production", timeout_s=60)
        wait_until(lambda: platform.state()["inference"].ready == 1 and ask(platform).status == 200)
        wait_until(lambda: not finds(platform, "tool-service"), "the new pod has it")
    finally:
        injection.revert()
    assert finds(platform, "tool-service")
    assert injection.state().state == "ended"


def test_dns_failure_ends_after_its_maximum_duration(platform: DockerPlatform) -> None:
    fault = make_fault(FaultSpec("inference", "dns-failure", {}, 2.0))
    injection = fault.prepare(Target(platform, None))  # type: ignore[arg-type]
    injection.apply()
    wait_until(lambda: injection.state().state == "ended")
    wait_until(lambda: finds(platform, "tool-service"))
    injection.revert()


def test_full_disk_is_refused_without_a_volume(platform: DockerPlatform) -> None:
    with pytest.raises(PlatformError, match="it has no variable POD_VOLUME"):
        prepared(platform, "full-disk").apply()
    fault = make_fault(FaultSpec("inference", "full-disk", {"path": "/app"}))
    with pytest.raises(PlatformError, match="/app is no volume in memory with a size of its own"):
        fault.prepare(Target(platform, None)).apply()  # type: ignore[arg-type]


LIMIT = (
    '{"spec": {"template": {"spec": {"containers": [{"name": "app", "resources": {"limits": {"memory": "300Mi"}}}]}}}}'
)


def test_memory_pressure_kills_in_a_container_with_a_limit(platform: DockerPlatform) -> None:
    injection = prepared(platform, "memory-pressure", mb=1000)
    with pytest.raises(PlatformError, match="it has no memory limit, so that the machine's memory would be used up"):
        injection.apply()
    injection.revert()
    assert platform.kubectl("patch", "deployment/inference", "-n", "production", "-p", LIMIT).status == 0
    wait_until(lambda: platform.state()["inference"].ready == 1 and len(platform.state()["inference"].pods) == 1)
    before = wait_until(lambda: used_mib(platform))
    injection = prepared(platform, "memory-pressure", mb=100)
    injection.apply()
    assert injection.state().state == "active"
    wait_until(lambda: used_mib(platform) > before + 80)
    injection.revert()
    wait_until(lambda: used_mib(platform) < before + 40)
    injection = prepared(platform, "memory-pressure", mb=400)
    injection.apply()
    wait_until(lambda: injection.state().state == "unknown", "the kernel has killed what held the memory")
    injection.revert()


def used_mib(platform: DockerPlatform) -> int:
    shown = platform.kubectl("top", "pods", "-n", "production", "-l", "app=inference", "--no-headers").stdout
    return int(shown.split()[2].removesuffix("Mi")) if shown else 0  # `top` knows a new pod a little later
