"""The load of a comparison: two real workers share one schedule at random."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from harness.bindings.loads import LoadRequest, LoadSpec
from harness.clock import now_s
from harness.errors import PlatformError
from harness.load.declaration import write_declaration
from harness.load.duet import DuetLoad
from harness.load.scenario import find_scenario
from harness.record.event import CONTROL, TREATMENT, SideEvent
from harness.record.events import LoadCounted, LoadFinished, LoadLost, ProcessStarted
from tests.scenarios.test_from_bindings import Recorder
from tests.support.scenarios import HttpServer
from tests.support.waiting import wait_until

RATE = 40


class Events:
    """What a load reports."""

    def __init__(self) -> None:
        self.all: list[SideEvent] = []
        self._lock = threading.Lock()

    def record(self, event: SideEvent, *, sync: bool = False) -> None:
        assert sync == isinstance(event, ProcessStarted), "a process is on disk before it is used"
        with self._lock:
            self.all.append(event)

    def sent(self, side: str, until_s: float) -> list[tuple[float, int]]:
        """Arrivals of a side by slice."""
        counted = [each for each in self.all if isinstance(each, LoadCounted) and each.side == side]
        return [(piece.at_s, piece.sent) for each in counted for piece in each.slices if piece.at_s < until_s]


@pytest.fixture
def servers() -> Iterator[tuple[HttpServer, HttpServer]]:
    with ExitStack() as stack:
        yield stack.enter_context(HttpServer()), stack.enter_context(HttpServer())


def load_of(servers: tuple[HttpServer, HttpServer], folder: Path) -> DuetLoad:
    hosts = {CONTROL: servers[0].url, TREATMENT: servers[1].url}
    settings = {"GAMEDAY_RATE": str(RATE), "GAMEDAY_SCHEDULE": "constant"}
    return DuetLoad(find_scenario("timeout", folder), hosts, settings, folder, TREATMENT)


def test_both_sides_get_their_share_of_one_schedule_from_the_same_moment_on(
    servers: tuple[HttpServer, HttpServer], tmp_path: Path
) -> None:
    load, events = load_of(servers, tmp_path), Events()
    try:
        load.start(events.record)
        end_s = load.starts_s + 1.0
        wait_until(lambda: all(_counted(events, side) >= end_s for side in (CONTROL, TREATMENT)))
    finally:
        load.stop()
    assert load.lost == ""
    sides = [events.sent(side, end_s) for side in (CONTROL, TREATMENT)]
    assert all(abs(sum(count for _, count in side) - RATE) <= 4 for side in sides), "permuted blocks of eight"
    assert (
        sum(count for side in sides for _, count in side) == 2 * RATE - 1
    )  # of 80 a second, the last is due at its end
    assert all(at_s >= load.starts_s for side in sides for at_s, _ in side)
    assert all(server.requests["/v1/infer"] > 0 for server in servers)
    ended = [each for each in events.all if isinstance(each, LoadFinished)]
    assert len(ended) == 2
    assert not any(psutil.pid_exists(each.pid) for each in events.all if isinstance(each, ProcessStarted))


def _counted(events: Events, side: str) -> float:
    return max((each.until_s for each in events.all if isinstance(each, LoadCounted) and each.side == side), default=0)


def test_load_of_the_bindings_is_shared_too(tmp_path: Path) -> None:
    spec = LoadSpec("shop", (LoadRequest("GET", "/a", share=0.5), LoadRequest("GET", "/b", share=0.5)), RATE)
    with Recorder() as base, Recorder() as candidate:
        hosts = {CONTROL: base.url, TREATMENT: candidate.url}
        settings = {**write_declaration(spec, RATE, tmp_path), "GAMEDAY_RATE": str(RATE)}
        load, events = DuetLoad(find_scenario("from_bindings", tmp_path), hosts, settings, tmp_path, CONTROL), Events()
        try:
            load.start(events.record)
            wait_until(lambda: min(len(each.requests) for each in (base, candidate)) > RATE / 2)
        finally:
            load.stop()
    assert load.lost == ""
    assert {path for each in (base, candidate) for _, path, _, _ in each.requests} == {"/a", "/b"}


def test_worker_that_dies_is_reported(servers: tuple[HttpServer, HttpServer], tmp_path: Path) -> None:
    load, events = load_of(servers, tmp_path), Events()
    try:
        load.start(events.record)
        victim = next(each for each in events.all if isinstance(each, ProcessStarted) and each.side == CONTROL)
        psutil.Process(victim.pid).kill()
        wait_until(lambda: load.lost)
    finally:
        load.stop()
    assert load.lost.startswith("the load generator died")
    assert [each.side for each in events.all if isinstance(each, LoadLost)] == [CONTROL]


def test_worker_that_does_not_start_is_an_error_and_the_other_is_ended(tmp_path: Path) -> None:
    hosts = {CONTROL: "http://127.0.0.1:9", TREATMENT: "http://127.0.0.1:9"}
    scenario = tmp_path / "broken.py"
    scenario.write_text("raise ValueError('broken on purpose')")
    load, events = DuetLoad(scenario, hosts, {}, tmp_path, CONTROL), Events()
    try:
        with pytest.raises(PlatformError, match=r"scenario broken\.py did not start: .*broken on purpose"):
            load.start(events.record)
    finally:
        load.stop()
    assert not any(psutil.pid_exists(each.pid) for each in events.all if isinstance(each, ProcessStarted))


def test_first_arrivals_are_due_at_the_beginning_of_a_slice(tmp_path: Path) -> None:
    load = DuetLoad(find_scenario("timeout", tmp_path), {CONTROL: "", TREATMENT: ""}, {}, tmp_path, CONTROL)
    assert load.starts_s % 0.25 == 0
    assert 2 < load.starts_s - now_s() < 3.5
