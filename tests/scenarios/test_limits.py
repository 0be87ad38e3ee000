"""Slow cases: client timeouts, answers after the slice of their arrival, a generator that falls behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from scenarios.generator import clock
from scenarios.generator.declare import HttpScenario
from scenarios.generator.exchange import Request
from scenarios.generator.plan import alone
from scenarios.generator.report import Report
from scenarios.generator.settings import read_settings
from scenarios.traffic import http
from scenarios.traffic.connection import Exchange
from scenarios.traffic.deadlines import Deadlines
from scenarios.traffic.http import HttpDriver
from scenarios.worker.rows import Rows
from tests.scenarios.test_stop import HeldServer
from tests.support.paths import SCENARIOS
from tests.support.scenarios import LIMIT_S, HttpServer, Scenario, running
from tests.support.swarm import FAST, STOCK, Swarm
from tests.support.waiting import wait_until

PATH = "/v1/infer"


class SimulatedEngine:
    """An engine whose time the test advances."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.calls: list[tuple[float, Callable[..., object], tuple[object, ...]]] = []

    def call_later(self, delay_s: float, call: Callable[..., object], *arguments: object) -> SimulatedEngine:
        self.calls.append((self.now_s + delay_s, call, arguments))
        return self

    def cancel(self) -> None:
        self.calls.clear()

    def advance_to(self, now_s: float) -> None:
        """Advance the time to `now_s`, making each due call at its time."""
        while due := sorted((one for one in self.calls if one[0] <= now_s), key=lambda one: one[0]):
            self.calls.remove(due[0])
            self.now_s = max(self.now_s, due[0][0])
            due[0][1](*due[0][2])
        self.now_s = now_s


def test_deadlines_expire_each_exchange_at_the_limit_of_its_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inference has 8 s and tools 40 s; an answered exchange never expires, and none expires early."""
    engine, expired = SimulatedEngine(), list[tuple[str, float]]()
    monkeypatch.setattr(clock, "now", lambda: engine.now_s)
    limits = Deadlines(engine, lambda one: expired.append((one.request.path, engine.now_s - 1000)))  # type: ignore[arg-type]
    asked = [
        Exchange(Request("POST", path, {}, b"", limit_s, ("gateway",)), b"", ())
        for path, limit_s in (("/infer", 8.0), ("/tool", 40.0), ("/infer", 8.0), ("/tool", 40.0))
    ]
    for number, exchange in enumerate(asked):
        engine.advance_to(1000.0 + number)
        limits.add(exchange, engine.now_s)
    engine.advance_to(1007.9)
    assert expired == []
    asked[2].done = True  # answered after 5.9 s
    engine.advance_to(1039.9)
    assert expired == [("/infer", 8.0)]
    asked[1].done = True
    engine.advance_to(1100.0)
    assert expired == [("/infer", 8.0), ("/tool", 43.0)]


def test_exchange_added_while_another_expires_gets_its_full_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """This happens when a waiting exchange takes the place of an expired one."""
    engine, ended_s = SimulatedEngine(), list[float]()
    monkeypatch.setattr(clock, "now", lambda: engine.now_s)
    first, waiting = (Exchange(Request("GET", "/", {}, b"", 8.0, ("gateway",)), b"", ()) for _ in range(2))

    def expired(exchange: Exchange) -> None:
        ended_s.append(engine.now_s - 1000)
        if exchange is first:
            limits.add(waiting, engine.now_s)

    limits = Deadlines(engine, expired)  # type: ignore[arg-type]
    limits.add(first, engine.now_s)
    engine.advance_to(1100.0)
    assert ended_s == [8.0, 16.0]


class FakeEngine:
    """An engine that opens no connection by itself and records what is written."""

    def __init__(self) -> None:
        self.opening: list[Any] = []
        self.written: list[bytes] = []
        self.aborted = 0

    def call_later(self, delay_s: float, call: object, *arguments: object) -> FakeEngine:
        return self

    def watch(self, fd: int, call: Callable[[], object]) -> FakeEngine:
        self.due = call
        return self

    def connect(self, listener: Any, address: object, tls: object, failed: object) -> FakeEngine:
        self.opening.append(listener)
        return self

    def cancel(self) -> None:
        """Has no effect: the connection is already open, and its callback follows."""

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def abort(self) -> None:
        self.aborted += 1

    def get_extra_info(self, name: str) -> Any:
        return self

    def fileno(self) -> int:
        return 0


def test_exchange_stopped_while_connecting_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    class Five(HttpScenario):
        name, series = "five", ("gateway",)

    engine, now_s = FakeEngine(), clock.now()
    report = Report(Five(), read_settings({}))
    driver = HttpDriver(engine, Five(), report, Rows(False), "http://127.0.0.1:9", 0)  # type: ignore[arg-type]
    driver.follow(alone(5, "constant"))
    monkeypatch.setattr(clock, "now", lambda: now_s + 1.1)
    engine.due()
    assert len(engine.opening) == 5
    driver.stop()
    for listener in engine.opening:
        listener.connection_made(engine)
    assert (engine.written, engine.aborted) == ([], 5)
    assert report.ledger.unsent["gateway"] == 5


def test_arrivals_that_wait_for_a_place_in_flight_pass_their_timeout_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a hang they would otherwise count only after a timeout of those before them, and then one of their own."""

    class Ten(HttpScenario):
        name, series, timeout_s = "ten", ("gateway",), 3.0

    class Sweeping(FakeEngine):
        def call_later(self, delay_s: float, call: Any, *arguments: object) -> FakeEngine:
            self.sweep: Callable[[], object] = lambda: call(*arguments)
            return self

    engine, now_s = Sweeping(), clock.now()
    report = Report(Ten(), read_settings({}))
    monkeypatch.setattr(http, "MAX_IN_FLIGHT", 4)
    driver = HttpDriver(engine, Ten(), report, Rows(False), "http://127.0.0.1:9", 0)  # type: ignore[arg-type]
    driver.follow(alone(10, "constant"))
    monkeypatch.setattr(clock, "now", lambda: now_s + 1.05)
    engine.due()
    assert (len(engine.opening), report.ledger.take(clock.now())[0]["bad"]) == (4, {})
    monkeypatch.setattr(clock, "now", lambda: now_s + 4.1)
    engine.sweep()
    bad = [delta["bad"]["timeout"] for delta in report.ledger.take(clock.now())]
    assert sum(bad) == report.ledger.unsent["gateway"] == 10
    driver.stop()


@pytest.mark.slow
def test_late_and_missing_answers_count_in_the_slice_of_their_due_time(tmp_path: Path) -> None:
    """Both engines run at once, with the limits of the scenario: inference 8 s, tools 40 s."""
    loads: list[Scenario] = []
    with HeldServer() as server, ExitStack() as stack:
        for engine in ("worker", "locust"):
            (folder := tmp_path / engine).mkdir()
            file, settings = (
                str(SCENARIOS / "tool_down.py"),
                {"rate": 20, "duration_s": 56, "thresholds_ms": "500,2000"},
            )
            loads.append(stack.enter_context(running(file, server.url, folder, engine=engine, **settings)))
        wait_until(lambda: all(load.total("gateway") > 60 for load in loads), "three seconds of requests")
        released_s = time.time()
        server.release()  # later requests get no answer
        for load in loads:
            assert load.process.wait(60) == 0
            end_s = load.lines[-1]["t"]
            before = during(load, released_s - 7, released_s - 0.5)  # one of the two may have started much earlier
            assert before["tools"]["ok"] == before["tools"]["sent"] > 20  # up to three seconds after they were due
            assert before["gateway"]["ok"] == before["gateway"]["sent"] > 30
            assert before["gateway"]["over 2000"] > 0
            seconds = (released_s + 0.5, end_s - 41), (end_s - 39, end_s - 9), (end_s - 7, end_s)
            first, middle, last = (during(load, *window) for window in seconds)
            assert first["tools"]["timeout"] == first["tools"]["sent"] > 5  # after 40 s
            assert first["gateway"]["timeout"] == first["gateway"]["sent"]
            assert middle["tools"]["unfinished"] == middle["tools"]["sent"] > 100
            inference = middle["gateway"]["sent"] - middle["tools"]["sent"]
            assert middle["gateway"]["timeout"] == inference > 20  # after 8 s
            assert last["gateway"]["unfinished"] == last["gateway"]["sent"] > 50


def during(load: Scenario, since: float, until: float) -> dict[str, Counter[str]]:
    """Return the counts of arrivals due within a period, by series: sent, ok, `over 2000` and the kinds of bad."""
    found: dict[str, Counter[str]] = {series: Counter() for series in load.hello["series"]}
    for delta in (delta for line in load.lines for delta in line.get("deltas", ())):
        if since <= delta["at"] and delta["at"] + load.hello["slice_s"] <= until:
            found[delta["series"]].update(sent=delta["sent"], ok=delta["ok"], **delta["bad"])
            found[delta["series"]]["over 2000"] += delta["over"].get("2000", 0)
    return found


COUNT = re.compile(r"fell behind: (\d+) arrivals were started over 100 ms after they were due, the worst ([\d,]+) ms")
ALONE = {
    "worker": ("scenarios.worker", str(SCENARIOS / "timeout.py"), "-t", "4"),
    "locust": ("locust", "--headless", "--json-file", "stats", "-t", "6s", "-f", str(SCENARIOS / "timeout.py")),
}


@pytest.mark.parametrize("engine", ["worker", pytest.param("locust", marks=pytest.mark.slow)])
def test_generator_that_falls_behind_warns_with_the_number_of_late_arrivals(tmp_path: Path, engine: str) -> None:
    with HttpServer() as server:
        process = subprocess.Popen(
            [sys.executable, "-m", *ALONE[engine], "--host", server.url, "--rate", "200", "--schedule", "constant"],
            cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        )  # fmt: skip
        try:
            wait_until(lambda: server.requests[PATH] > 200, "a calm second")
            process.send_signal(signal.SIGSTOP)
            time.sleep(1.0)  # not waiting for anything: this is the hold-up
            process.send_signal(signal.SIGCONT)
            out, err = process.communicate(timeout=LIMIT_S)
        finally:
            process.kill()
            process.communicate()
    warnings = [(int(count), float(worst.replace(",", ""))) for count, worst in COUNT.findall(err)]
    late = sum(count for count, _ in warnings)
    assert late == shown_late(engine, out, tmp_path)
    # A second without processor delays 200 arrivals, nine tenths of them by over 100 ms; a busy machine adds to that.
    assert 150 < late < server.requests[PATH]
    assert max(worst for _, worst in warnings) > 900


def shown_late(engine: str, out: str, folder: Path) -> int:
    """Return the number of late arrivals, from the table at the end or from locust's statistics."""
    if engine == "worker":
        (row,) = [line for line in out.splitlines() if line.startswith("late ")]
        return int(row.removeprefix("late started over 100 ms after due: no data").split()[0])
    rows = json.loads((folder / "stats.json").read_text())
    (late,) = [row for row in rows if row["method"] == "late"]
    return int(late["num_requests"])


@pytest.mark.slow
@pytest.mark.parametrize("kind", [FAST, STOCK], ids=["fast", "stock"])
def test_logs_tab_of_the_web_ui_shows_the_warning_of_each_worker(tmp_path: Path, kind: tuple[str, ...]) -> None:
    with HttpServer() as server, Swarm(tmp_path, server.url, kind) as swarm:
        swarm.start(rate=200, schedule="constant")
        wait_until(lambda: server.requests[PATH] > 200, "a calm second")
        swarm.processes[1].send_signal(signal.SIGSTOP)
        time.sleep(1.0)  # not waiting for anything: this is the hold-up
        swarm.processes[1].send_signal(signal.SIGCONT)
        wait_until(lambda: COUNT.search(str(swarm.call("/logs")["workers"])), "the warning in the Logs tab")
        wait_until(lambda: swarm.count("late") > 150, "late arrivals, in a row of their own")
        assert swarm.count("Aggregated") == swarm.count("POST")
