"""The benchmark of the proxy: its thresholds, and the proxy that it measures."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks import proxy
from benchmarks.parts.outcome import Outcome
from benchmarks.parts.processes import Server, Usage
from benchmarks.parts.proxies import Ours
from harness.http import call


def sample(proxy_us: float, p50_ms: float, *, at_server: int = 1000, bad: int = 0) -> proxy.Sample:
    """A run of 1,000 requests whose load needed 100 µs for each."""
    outcome = Outcome(1000, 1000, 0, 0, bad, 0, p50_ms, p50_ms, p50_ms, Usage(0.1, 0))
    return proxy.Sample(outcome, at_server, proxy_us / 1000)


GOOD = {
    proxy.DIRECT: [sample(0, 0.2)],
    proxy.IDLE: [sample(40, 0.3)],
    proxy.BESIDE: [sample(41, 20.3)],
    proxy.FAULT: [sample(55, 20.4)],
    proxy.TOXI_IDLE: [sample(90, 0.3)],
    proxy.TOXI_FAULT: [sample(150, 20.5)],
}


def missed(**changed: proxy.Sample) -> list[str]:
    names = {"idle": proxy.IDLE, "fault": proxy.FAULT}
    samples = {**GOOD, **{names[name]: [run] for name, run in changed.items()}}
    return [each.name for each in proxy.thresholds(samples) if not each.met]


def test_thresholds_are_met_and_each_is_missed_by_what_it_is_about() -> None:
    assert missed() == []
    assert missed(idle=sample(40, 0.5)) == ["P50 that our idle proxy adds, ms"]
    assert missed(fault=sample(57, 20.4)) == ["CPU that our fault adds to the idle proxy, of the load's"]
    assert missed(fault=sample(55, 40.4)) == ["P50 that our fault adds, of its delay"]
    assert missed(idle=sample(91, 0.3)) == ["CPU of ours idle, of toxiproxy's"]
    assert missed(fault=sample(55, 20.4, at_server=990)) == ["requests at the server that sent ones do not explain"]
    assert missed(fault=sample(55, 20.4, bad=1)) == ["bad answers"]


def test_thresholds_about_toxiproxy_are_left_out_without_it() -> None:
    ours = {name: runs for name, runs in GOOD.items() if "toxi" not in name}
    assert len(proxy.thresholds(ours)) == len(proxy.thresholds(GOOD)) - 2


def test_measured_proxy_forwards_and_delays(tmp_path: Path) -> None:
    with Server("benchmarks.parts.target") as server, Ours(server.port, tmp_path) as ours:
        server.ask(op="reset", stall_at_s=0, stall_s=0)
        assert call("POST", f"{ours.url}/work", {"id": 1}).status == 200
        assert ours.delay(100)
        began_s = time.monotonic()
        assert call("POST", f"{ours.url}/work", {"id": 2}).status == 200
        assert time.monotonic() - began_s >= 0.099
        assert server.ask(op="count")["requests"] == 2
        assert ours.cpu_s() > 0


def test_service_can_take_the_time(tmp_path: Path) -> None:
    with Server("benchmarks.parts.target") as server:
        server.ask(op="reset", stall_at_s=0, stall_s=0, service_s=0.1)
        began_s = time.monotonic()
        assert call("POST", f"{server.url}/work", {"id": 1}).status == 200
        assert time.monotonic() - began_s >= 0.099


@pytest.mark.parametrize("name", proxy.KINDS)
def test_every_row_has_one_thing_that_takes_time_at_most(name: str) -> None:
    kind = proxy.KINDS[name]
    assert not (kind.fault_ms and kind.service_ms)
    assert kind.proxy is not None or not kind.fault_ms
