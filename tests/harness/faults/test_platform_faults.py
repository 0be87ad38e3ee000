"""Faults made by the platform's own means, on the local platform: real processes are killed, scaled and slowed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from harness.bindings import FaultSpec
from harness.errors import BindingError, PlatformError
from harness.faults.base import FaultState, Target
from harness.faults.factory import make_fault
from harness.faults.timed_revert import TimedRevert
from harness.platforms.local.platform import LocalPlatform
from tests.support.paths import FORK_SERVER_STAND_IN
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    made = LocalPlatform(tmp_path_factory.mktemp("platform"), fork_server=FORK_SERVER_STAND_IN)
    try:
        made.up()
        yield Target(made, None)  # type: ignore[arg-type]
    finally:
        made.down()


def pods(target: Target, deployment: str) -> tuple[str, ...]:
    return target.platform.state()[deployment].pods


def ready(target: Target, deployment: str) -> bool:
    state = target.platform.state()[deployment]
    return state.ready == state.replicas == len(state.pods) == 1


def test_pod_kill_kills_replacement_pods_until_the_revert(target: Target) -> None:
    injection = make_fault(FaultSpec("inference", "pod-kill", {"every_s": 0.5})).prepare(target)
    seen = {*pods(target, "inference")}
    injection.apply()
    wait_until(lambda: len(seen.update(pods(target, "inference")) or seen) >= 4)
    assert injection.state() == FaultState("active", "it kills the pods of inference every 0.5 s")
    injection.revert()
    wait_until(lambda: injection.state().state == "ended")
    injection.revert()
    wait_until(lambda: ready(target, "inference"))
    assert len(pods(target, "inference")) == 1


def test_scale_to_zero_reverts_to_the_earlier_replicas(target: Target) -> None:
    injection = make_fault(FaultSpec("tool-service", "scale-to-zero")).prepare(target)
    assert injection.text == "scale deployment/tool-service to 1"
    injection.apply()
    wait_until(lambda: pods(target, "tool-service") == ())
    assert injection.state() == FaultState("active", "deployment/tool-service has 0 replicas")
    injection.revert()
    wait_until(lambda: ready(target, "tool-service"))


def test_scale_to_zero_revert_keeps_replicas_that_were_set_meanwhile(target: Target) -> None:
    injection = make_fault(FaultSpec("tool-service", "scale-to-zero")).prepare(target)
    injection.apply()
    target.platform.kubectl("scale", "deployment/tool-service", "--replicas=2", "-n", "production")
    assert injection.state() == FaultState("changed", "deployment/tool-service has 2 replicas")
    injection.revert()
    assert target.platform.state()["tool-service"].replicas == 2
    target.platform.kubectl("scale", "deployment/tool-service", "--replicas=1", "-n", "production")


def test_one_fault_can_be_prepared_twice_without_shared_state(target: Target) -> None:
    fault = make_fault(FaultSpec("tool-service", "scale-to-zero"))
    first, second = fault.prepare(target), fault.prepare(target)
    second.apply()
    first.revert()
    assert target.platform.state()["tool-service"].replicas == 1
    second.revert()
    assert target.platform.state()["tool-service"].replicas == 1


def test_fault_ends_after_its_maximum_duration(target: Target) -> None:
    injection = make_fault(FaultSpec("tool-service", "scale-to-zero", {}, 0.5)).prepare(target)
    injection.apply()
    wait_until(lambda: ready(target, "tool-service"))
    assert target.platform.state()["tool-service"].replicas == 1
    assert injection.state() == FaultState("ended", "it was reverted after 0.5 s")


def burners() -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any("while :; do :; done" in word for word in process.info["cmdline"] or ()):
            found.append(process)
    return found


@pytest.mark.parametrize("by_itself", [False, True], ids=["revert", "maximum duration"])
def test_cpu_pressure_ends_its_busy_loops(target: Target, by_itself: bool) -> None:
    before = {process.pid for process in burners()}
    fault = make_fault(FaultSpec("realtime", "cpu-pressure", {"workers": 1}, 1.0 if by_itself else 60.0))
    injection = fault.prepare(target)
    injection.apply()
    if not by_itself:
        assert {process.pid for process in burners()} - before
        assert injection.state().state == "active"
        injection.revert()
    else:
        wait_until(lambda: injection.state().state == "ended")
    wait_until(lambda: not {process.pid for process in burners()} - before)
    injection.revert()


def test_cpu_pressure_follows_the_deployment_to_its_new_pods(target: Target) -> None:
    injection = make_fault(FaultSpec("realtime", "cpu-pressure")).prepare(target)
    injection.apply()
    (before,) = pods(target, "realtime")
    target.platform.kubectl("delete", "pod", before, "-n", "production")
    wait_until(lambda: pods(target, "realtime") != (before,) and injection.state().state == "active")
    (after,) = pods(target, "realtime")
    assert injection.state() == FaultState("active", f"busy loops run in {after}")
    injection.revert()
    assert injection.state().state == "ended"


def answers(target: Target, deployment: str) -> bool:
    return [answer.status for answer in target.platform.health(deployment).values()] == [200]


def test_stopped_pods_hang_until_the_revert(target: Target) -> None:
    injection = make_fault(FaultSpec("realtime", "stop")).prepare(target)
    assert injection.text == "SIGCONT to the processes of realtime"
    assert answers(target, "realtime")
    injection.apply()
    assert injection.state() == FaultState("active", "1 of 1 processes are stopped")
    assert not answers(target, "realtime")
    injection.revert()
    assert answers(target, "realtime")
    assert injection.state().state == "ended"
    injection.revert()


def test_replaced_pod_is_not_stopped(target: Target) -> None:
    injection = make_fault(FaultSpec("realtime", "stop")).prepare(target)
    (before,) = pods(target, "realtime")
    injection.apply()
    target.platform.kubectl("delete", "pod", before, "-n", "production", "--grace-period=0", "--force")
    wait_until(lambda: injection.state().state == "changed")
    wait_until(lambda: answers(target, "realtime"))
    injection.revert()


def test_stop_ends_after_its_maximum_duration(target: Target) -> None:
    injection = make_fault(FaultSpec("realtime", "stop", {}, 0.5)).prepare(target)
    injection.apply()
    wait_until(lambda: injection.state().state == "ended")
    assert answers(target, "realtime")
    injection.revert()


def test_memory_limit_kills_pods_that_exceed_it_and_the_next_ones_too(target: Target) -> None:
    injection = make_fault(FaultSpec("realtime", "memory-limit", {"limit_mb": 1})).prepare(target)
    injection.apply()
    wait_until(lambda: injection.state().why == "2 times it was exceeded")
    assert injection.state().state == "active"
    injection.revert()
    assert injection.state().state == "ended"
    wait_until(lambda: ready(target, "realtime") and answers(target, "realtime"))


def test_partition_is_refused_on_a_platform_without_network_policies(target: Target) -> None:
    fault = make_fault(FaultSpec("inference", "partition", {"from": "api-gateway"}))
    with pytest.raises(PlatformError, match="the local platform has no network policies; use --platform kind"):
        fault.prepare(target)


@pytest.mark.parametrize("name", ["pod-kill", "cpu-pressure", "stop"])
def test_fault_without_a_running_pod_names_the_deployment(target: Target, name: str) -> None:
    injection = make_fault(FaultSpec("nosuch", name)).prepare(target)
    with pytest.raises(PlatformError, match="nosuch has no running pod"):
        injection.apply()


def test_scale_to_zero_of_a_missing_deployment_names_it(target: Target) -> None:
    with pytest.raises(PlatformError, match="there is no Deployment nosuch"):
        make_fault(FaultSpec("nosuch", "scale-to-zero")).prepare(target)


def test_chaos_toolkit_runs_an_action_and_its_revert(target: Target, tmp_path: Path) -> None:
    pytest.importorskip("chaoslib", reason="the extra is not installed: pip install -e '.[chaos]'")
    there = tmp_path / "inference-production"
    action = {"action": "os.mkdir", "path": f"{tmp_path}/{{at}}-{{namespace}}"}
    revert = {"revert": "os.rmdir", "revert_path": str(there)}
    fault = make_fault(FaultSpec("inference", "chaos-toolkit", {**action, **revert}))
    injection = fault.prepare(target)
    assert not there.exists()
    injection.apply()
    assert there.is_dir()
    with pytest.raises(PlatformError, match=r"os\.mkdir failed: .*FileExistsError"):
        fault.prepare(target).apply()
    injection.revert()
    assert not there.exists()
    injection.revert()


def test_chaos_toolkit_names_a_missing_package() -> None:
    pytest.importorskip("chaoslib", reason="the extra is not installed: pip install -e '.[chaos]'")
    with pytest.raises(BindingError, match="there is no package nosuch"):
        make_fault(FaultSpec("inference", "chaos-toolkit", {"action": "nosuch.actions.break_it"}))


def test_timed_revert_tries_again_after_a_failure_and_then_is_done() -> None:
    attempts: list[int] = []

    def revert() -> None:
        attempts.append(1)
        if len(attempts) == 1:
            raise PlatformError("the API server is down")

    timed = TimedRevert(60.0, revert)
    timed.start()
    with pytest.raises(PlatformError):
        timed.run()
    timed.run()
    timed.run()
    assert len(attempts) == 2
