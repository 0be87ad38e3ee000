"""Faults that a platform's own means make, on the local one: real processes die, are scaled away, burn CPU."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from harness.app.members import make_fault
from harness.bindings import FaultSpec
from harness.errors import BindingError, PlatformError
from harness.faults.base import Running, Target
from harness.platforms.local.platform import LocalPlatform

STAND_IN = (sys.executable, str(Path(__file__).parents[2] / "support" / "fork_server_stand_in.py"))


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    made = LocalPlatform(tmp_path_factory.mktemp("platform"), nursery=STAND_IN)
    try:
        made.up()
        yield Target(made, None)  # type: ignore[arg-type]
    finally:
        made.down()


def until(fact: Callable[[], object], limit_s: float = 15.0) -> None:
    deadline = time.monotonic() + limit_s
    while not fact():
        assert time.monotonic() < deadline, "the event did not come"
        time.sleep(0.02)


def pods(target: Target, deployment: str) -> tuple[str, ...]:
    return target.platform.state()[deployment].pods


def ready(target: Target, deployment: str) -> bool:
    state = target.platform.state()[deployment]
    return state.ready == state.replicas == len(state.pods) == 1


def test_killed_pods_are_replaced_and_killed_again_until_it_is_taken_back(target: Target) -> None:
    fault = make_fault(FaultSpec("inference", "pod-kill", {"every_s": 0.5}))
    revert = fault.revert(target)
    seen = {*pods(target, "inference")}
    fault.inject(target)
    until(lambda: len(seen.update(pods(target, "inference")) or seen) >= 4)
    revert.run()
    revert.run()
    until(lambda: ready(target, "inference"))


def test_zero_replicas_come_back_but_not_over_what_somebody_did(target: Target) -> None:
    fault = make_fault(FaultSpec("tool-service", "scale-to-zero"))
    revert = fault.revert(target)
    assert revert.text == "scale deployment/tool-service to 1"
    fault.inject(target)
    until(lambda: pods(target, "tool-service") == ())
    revert.run()
    until(lambda: ready(target, "tool-service"))
    again = fault.revert(target)
    fault.inject(target)
    target.platform.kubectl("scale", "deployment/tool-service", "--replicas=2", "-n", "production")
    again.run()
    assert target.platform.state()["tool-service"].replicas == 2
    target.platform.kubectl("scale", "deployment/tool-service", "--replicas=1", "-n", "production")


def test_a_fault_ends_by_itself(target: Target) -> None:
    fault = make_fault(FaultSpec("tool-service", "scale-to-zero", {}, 0.5))
    fault.revert(target)
    fault.inject(target)
    until(lambda: target.platform.state()["tool-service"].replicas == 1)


def burners() -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any("while :; do :; done" in word for word in process.info["cmdline"] or ()):
            found.append(process)
    return found


@pytest.mark.parametrize("by_itself", [False, True])
def test_busy_loops_end_with_it_and_by_themselves(target: Target, by_itself: bool) -> None:
    before = {process.pid for process in burners()}
    fault = make_fault(FaultSpec("realtime", "cpu-pressure", {"workers": 1}, 1.0 if by_itself else 60.0))
    revert = fault.revert(target)
    fault.inject(target)
    if not by_itself:
        assert {process.pid for process in burners()} - before
        revert.run()
    until(lambda: not {process.pid for process in burners()} - before)
    revert.run()


def test_a_partition_needs_a_network_of_its_own(target: Target) -> None:
    fault = make_fault(FaultSpec("inference", "partition", {"from": "api-gateway"}))
    with pytest.raises(PlatformError, match="the local platform has no network policies; use --platform kind"):
        fault.revert(target)


def test_an_absent_deployment_is_named(target: Target) -> None:
    for name in ("pod-kill", "cpu-pressure"):
        fault = make_fault(FaultSpec("nosuch", name))
        fault.revert(target)
        with pytest.raises(PlatformError, match="nosuch has no running pod"):
            fault.inject(target)
    with pytest.raises(PlatformError, match="there is no Deployment nosuch"):
        make_fault(FaultSpec("nosuch", "scale-to-zero")).revert(target)


def test_any_chaos_toolkit_action_and_its_revert(target: Target, tmp_path: Path) -> None:
    pytest.importorskip("chaoslib", reason="the extra is not installed: pip install -e '.[chaos]'")
    there = tmp_path / "inference-production"
    made = {"action": "os.mkdir", "path": f"{tmp_path}/{{at}}-{{namespace}}"}
    fault = make_fault(
        FaultSpec("inference", "chaos-toolkit", {**made, "revert": "os.rmdir", "revert_path": str(there)})
    )
    revert = fault.revert(target)
    assert not there.exists()
    fault.inject(target)
    assert there.is_dir()
    with pytest.raises(PlatformError, match=r"os\.mkdir failed: .*FileExistsError"):
        fault.inject(target)
    revert.run()
    assert not there.exists()
    revert.run()
    with pytest.raises(BindingError, match="there is no package nosuch"):
        make_fault(FaultSpec("inference", "chaos-toolkit", {"action": "nosuch.actions.break_it"}))


def test_what_fails_to_end_is_tried_again() -> None:
    attempts: list[int] = []

    def end() -> None:
        attempts.append(1)
        if len(attempts) == 1:
            raise PlatformError("it sticks")

    running = Running(60.0, end)
    running.start()
    with pytest.raises(PlatformError):
        running.stop()
    running.stop()
    running.stop()
    assert len(attempts) == 2
