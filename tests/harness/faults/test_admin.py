"""Faults behind admin ports: whether one is still in effect, and whose work its end can be."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from harness.bindings import FaultSpec
from harness.faults.base import Injection, Target
from harness.faults.factory import make_fault
from tests.support.admin_port import AdminLoad, AdminPlatform
from tests.support.waiting import wait_until


@pytest.fixture
def platform() -> Iterator[AdminPlatform]:
    made = AdminPlatform()
    made.start("web-1")
    made.start("web-2")
    yield made
    made.close()


def applied(platform: AdminPlatform, at: str = "web", max_duration_s: float = 60.0) -> Injection:
    load = AdminLoad(platform.pods["web-1"])
    spec = FaultSpec(at, "surge", {"factor": 2}, max_duration_s)
    injection = make_fault(spec).prepare(Target(platform, load))  # type: ignore[arg-type]
    injection.apply()
    return injection


def test_applied_fault_is_active(platform: AdminPlatform) -> None:
    assert applied(platform).state().state == "active"


def test_fault_of_the_load_is_active_until_it_expires(platform: AdminPlatform) -> None:
    injection = applied(platform, at="load", max_duration_s=0.5)
    assert injection.state().state == "active"
    wait_until(lambda: injection.state().state == "ended")
    assert injection.state().why == "load no longer has it"


def test_fault_that_expires_in_a_pod_that_is_still_the_same_has_ended_by_itself(platform: AdminPlatform) -> None:
    injection = applied(platform, max_duration_s=0.05)
    wait_until(lambda: injection.state().state == "ended")


def test_fault_that_reverted_itself_on_one_pod_has_ended(platform: AdminPlatform) -> None:
    injection = applied(platform)
    platform.pods["web-2"].board.revert_all()
    assert injection.state().state == "ended"
    assert injection.state().why == "web-2 no longer has it"


def test_fault_is_active_while_one_pod_that_has_it_remains(platform: AdminPlatform) -> None:
    injection = applied(platform)
    platform.end("web-1")
    assert injection.state().state == "active"


def test_fault_whose_pods_were_all_replaced_was_changed(platform: AdminPlatform) -> None:
    injection = applied(platform)
    platform.end("web-1")
    platform.end("web-2")
    platform.start("web-3")
    assert (injection.state().state, injection.state().why) == ("changed", "web-1 no longer exists")


def test_restarted_process_in_the_same_pod_is_a_change(platform: AdminPlatform) -> None:
    injection = applied(platform)
    for process in platform.pods.values():
        process.restart()
    assert (injection.state().state, injection.state().why) == ("changed", "web-1 has a new process")


def test_pod_that_exists_and_does_not_answer_is_unknown(platform: AdminPlatform) -> None:
    injection = applied(platform)
    for process in platform.pods.values():
        process.close()
    state = injection.state()
    assert state.state == "unknown"
    assert state.why.startswith("web-1 does not answer: ConnectionRefusedError")


# Scope


@pytest.fixture
def deployment(platform: AdminPlatform) -> AdminPlatform:
    """The platform, with a fault that belongs to the Deployment."""
    platform.scope = "deployment"
    for process in platform.pods.values():
        process.scope = "deployment"
    return platform


def test_pod_that_comes_later_has_a_fault_of_the_deployment_too(deployment: AdminPlatform) -> None:
    injection = applied(deployment)
    late = deployment.start("web-3")
    wait_until(lambda: late.board.active("surge"))
    deployment.end("web-1")
    deployment.end("web-2")
    assert (injection.state().state, injection.state().why) == ("active", "web-3 has it")
    injection.revert()


def test_restarted_process_gets_a_fault_of_the_deployment_again(deployment: AdminPlatform) -> None:
    injection = applied(deployment)
    deployment.pods["web-1"].restart()
    wait_until(lambda: deployment.pods["web-1"].board.active("surge"))
    injection.revert()


def test_later_pod_has_a_fault_of_the_deployment_for_what_is_left_of_its_duration(deployment: AdminPlatform) -> None:
    injection = applied(deployment, max_duration_s=1.5)
    late = deployment.start("web-3")
    wait_until(late.board.active)
    first = deployment.pods["web-1"].board.active()[0].ends_s
    assert late.board.active()[0].ends_s <= first + 0.1
    wait_until(lambda: not late.board.active())
    assert injection.state().state == "ended"


def test_revert_covers_later_pods_and_no_pod_gets_the_fault_afterwards(deployment: AdminPlatform) -> None:
    injection = applied(deployment)
    late = deployment.start("web-3")
    wait_until(late.board.active)
    injection.revert()
    later = deployment.start("web-4")
    assert [process.board.active() for process in deployment.pods.values()] == [[], [], [], []]
    assert not {thread.name for thread in threading.enumerate()} & {"fault"}
    assert later.board.active() == []


def test_fault_that_ended_in_a_process_is_not_applied_to_it_again(deployment: AdminPlatform) -> None:
    injection = applied(deployment)
    deployment.pods["web-1"].board.revert_all()
    late = deployment.start("web-3")
    wait_until(late.board.active)
    assert (injection.state().state, injection.state().why) == ("ended", "web-1 no longer has it")
    injection.revert()


def test_deployment_without_a_pod_is_a_change_of_what_had_the_fault(deployment: AdminPlatform) -> None:
    injection = applied(deployment)
    deployment.close()
    assert injection.state().state == "changed"
    injection.revert()


def test_later_pod_does_not_have_a_fault_of_the_process(platform: AdminPlatform) -> None:
    injection = applied(platform)
    assert not {thread.name for thread in threading.enumerate()} & {"fault"}
    late = platform.start("web-3")
    injection.revert()
    assert late.board.active() == []


def test_fault_without_a_check_is_unknown() -> None:
    injection = Injection("restore DNS", lambda: None, lambda: None)
    assert (injection.state().state, injection.state().why) == ("unknown", "this fault has no check")


def test_check_that_raises_is_unknown_with_its_error() -> None:
    injection = Injection("restore DNS", lambda: None, lambda: None, lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    assert (injection.state().state, injection.state().why) == ("unknown", "ZeroDivisionError: division by zero")
