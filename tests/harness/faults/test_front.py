"""Faults of the proxy in front of a Service: real proxy processes, one of them as a platform's front."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from fakes.faults.base import Range
from fakes.proxy import EFFECTS
from harness.bindings import FaultSpec
from harness.errors import BindingError, PlatformError
from harness.faults.base import Target
from harness.faults.factory import make_fault
from harness.faults.front import FRONT_FAULTS, Number
from harness.http import call
from harness.machine.platform_state import AdminPort
from tests.support.network import free_port
from tests.support.proxy import TOKEN, process
from tests.support.waiting import wait_until


@dataclass(frozen=True)
class FrontPlatform:
    """A platform with the proxy of the Service `web`, which forwards to its own admin port."""

    port: int
    admin: int
    name: str = "stub"

    def fronts(self, service: str) -> Sequence[AdminPort]:
        found = AdminPort("the proxy of web", f"http://127.0.0.1:{self.admin}", TOKEN["Authorization"].split()[1])
        return [found] if service == "web" else []

    def status(self) -> int:
        return call("GET", f"http://127.0.0.1:{self.port}/endpoints", None, TOKEN).status


@pytest.fixture(scope="module")
def platform() -> Iterator[FrontPlatform]:
    made = FrontPlatform(free_port(), free_port())
    with ExitStack() as stack:
        stack.enter_context(process(PORT=str(made.port), ADMIN_PORT=str(made.admin), ADMIN_TOKEN="a-token"))
        body = {"endpoints": [f"127.0.0.1:{made.admin}"]}
        url = f"http://127.0.0.1:{made.admin}/endpoints"
        wait_until(lambda: call("PUT", url, body, TOKEN).status == 200, "the proxy answers")
        yield made


def target(platform: FrontPlatform) -> Target:
    return Target(platform, None)  # type: ignore[arg-type]


def test_fault_of_the_front_bites_until_its_revert(platform: FrontPlatform) -> None:
    injection = make_fault(FaultSpec("web", "http-status", {"status": 502})).prepare(target(platform))
    assert injection.text == "DELETE /faults at the proxy of web"
    assert platform.status() == 200
    injection.apply()
    assert platform.status() == 502
    assert (injection.state().state, injection.state().why) == ("active", "the proxy of web has it")
    injection.revert()
    assert platform.status() == 200
    injection.revert()


def test_latency_delays_requests(platform: FrontPlatform) -> None:
    injection = make_fault(FaultSpec("web", "latency", {"delay_ms": 150, "jitter_ms": 50})).prepare(target(platform))
    injection.apply()
    began_s = time.monotonic()
    assert platform.status() == 200
    assert time.monotonic() - began_s >= 0.099
    injection.revert()


def test_fault_of_the_front_ends_in_the_proxy_after_its_maximum_duration(platform: FrontPlatform) -> None:
    injection = make_fault(FaultSpec("web", "reset", {}, 0.1)).prepare(target(platform))
    injection.apply()
    wait_until(lambda: injection.state().state == "ended")
    assert platform.status() == 200
    injection.revert()


def test_service_without_a_front_is_refused_before_anything_is_broken(platform: FrontPlatform) -> None:
    fault = make_fault(FaultSpec("other", "latency", {"delay_ms": 1}))
    with pytest.raises(PlatformError, match="fault `other: latency delay_ms=1`: the stub platform has no proxy there"):
        fault.prepare(target(platform))


@pytest.mark.parametrize(
    ("name", "parameters", "fact"),
    [
        ("latency", {}, "delay_ms is missing"),
        ("latency", {"delay_ms": "300ms"}, "delay_ms must be a number from 0 to 60000, not `300ms`"),
        (
            "latency",
            {"delay_ms": 1, "jiter_ms": 1},
            "unknown parameter jiter_ms; this fault has: delay_ms, jitter_ms, seed",
        ),
        ("reset", {"share": 10}, "share must be a number from 0 to 1, not `10`"),
        ("http-status", {"status": 503.5}, "status must be a whole number from 400 to 599, not `503.5`"),
    ],
)
def test_wrong_parameter_is_named_before_anything_starts(name: str, parameters: dict[str, float], fact: str) -> None:
    with pytest.raises(BindingError) as refused:
        make_fault(FaultSpec("web", name, parameters))
    assert fact in str(refused.value)


def test_parameters_are_those_that_the_proxy_checks() -> None:
    def number(valid: Range) -> Number:
        return Number(valid.low, valid.high, valid.default, valid.whole)

    theirs = {each.name: {name: number(valid) for name, valid in each.parameters.items()} for each in EFFECTS}
    assert theirs == FRONT_FAULTS
