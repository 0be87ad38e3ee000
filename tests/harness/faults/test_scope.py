"""What a rollout does to each fault of the services, on the local platform with the real services."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from harness.bindings import FaultSpec
from harness.faults.base import Target
from harness.faults.factory import make_fault
from harness.http import Answer, call
from harness.platforms.local.platform import LocalPlatform
from tests.support.paths import ROOT
from tests.support.waiting import wait_until

SERVICES: dict[str, tuple[str, dict[str, float | str | bool]]] = {
    "slot-loss": ("inference", {"slots": 4}),
    "slow": ("inference", {"factor": 2}),
    "store-down": ("tool-service", {}),
    "wedge": ("tool-service", {}),
    "sender-loss": ("realtime", {"slots": 4}),
}
"""Where each fault is applied, and its parameters."""


def documented() -> dict[str, str]:
    """The scope of each fault of a service in the reference."""
    page = (ROOT / "docs" / "reference" / "contracts.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \S+ \| `(\S+)` \|[^|]*\| `(\w+)` \|", page.partition("\n## Faults\n")[2], re.MULTILINE)
    return dict(rows)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    made = LocalPlatform(tmp_path_factory.mktemp("platform"))
    try:
        made.up()
        yield Target(made, None)  # type: ignore[arg-type]
    finally:
        made.down()


def test_every_fault_of_a_service_is_documented_with_its_scope() -> None:
    assert documented().keys() == SERVICES.keys()


def pods(target: Target, deployment: str) -> set[str]:
    return set(target.platform.state()[deployment].pods)


def having(target: Target, deployment: str) -> set[str]:
    """The pods that have a fault."""
    answers = {
        port.owner: call("GET", f"{port.url}/faults", None, {"Authorization": f"Bearer {port.token}"})
        for port in target.platform.admin(deployment)
    }
    return {pod for pod, answer in answers.items() if answer.status == 200 and json.loads(answer.body)}


def restart(target: Target, deployment: str) -> None:
    """Restart the rollout; kubectl refuses a second one within a second."""
    command = ("rollout", "restart", f"deployment/{deployment}", "-n", "production")
    wait_until(lambda: target.platform.kubectl(*command).status == 0)


@pytest.mark.parametrize("name", [name for name, scope in documented().items() if scope == "deployment"])
def test_new_pods_have_a_fault_of_the_deployment(target: Target, name: str) -> None:
    deployment, parameters = SERVICES[name]
    injection = make_fault(FaultSpec(deployment, name, parameters)).prepare(target)
    injection.apply()
    before = pods(target, deployment)
    restart(target, deployment)
    wait_until(lambda: having(target, deployment) - before)
    assert injection.state().state == "active"
    injection.revert()
    wait_until(lambda: len(pods(target, deployment)) == 1)
    assert having(target, deployment) == set()


def test_new_pods_do_not_have_a_fault_of_the_process(target: Target) -> None:
    assert [name for name, scope in documented().items() if scope == "process"] == ["wedge"]
    injection = make_fault(FaultSpec("tool-service", "wedge")).prepare(target)
    injection.apply()
    before = pods(target, "tool-service")
    assert having(target, "tool-service") == before
    restart(target, "tool-service")
    wait_until(lambda: not pods(target, "tool-service") & before)
    assert injection.state().state == "changed"
    assert having(target, "tool-service") == set()
    injection.revert()


def test_lost_slots_are_missing_in_new_pods_until_the_revert(target: Target) -> None:
    def slots() -> list[float]:
        found = [re.search(r"^worker_slots (\S+)", answer.body, re.MULTILINE) for answer in scraped()]
        return [float(match[1]) for match in found if match]

    def scraped() -> list[Answer]:
        return list(target.platform.scrape("inference").values())

    injection = make_fault(FaultSpec("inference", "slot-loss", {"slots": 4})).prepare(target)
    injection.apply()
    target.platform.kubectl("scale", "deployment/inference", "--replicas=3", "-n", "production")
    wait_until(lambda: slots() == [6.0, 6.0, 6.0])
    injection.revert()
    assert slots() == [10.0, 10.0, 10.0]
