"""What takes long: client timeouts, answers after the slice they belong to, a generator that falls behind."""

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


class Clockwork:
    """An engine whose time is passed by hand."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.calls: list[tuple[float, Callable[..., object], tuple[object, ...]]] = []

    def call_later(self, delay_s: float, call: Callable[..., object], *words: object) -> Clockwork:
        self.calls.append((self.now_s + delay_s, call, words))
        return self

    def cancel(self) -> None:
        self.calls.clear()

    def until(self, now_s: float) -> None:
        """Makes the calls that are due by then, each at its time."""
        while due := sorted((one for one in self.calls if one[0] <= now_s), key=lambda one: one[0]):
            self.calls.remove(due[0])
            self.now_s = max(self.now_s, due[0][0])
            due[0][1](*due[0][2])
        self.now_s = now_s


def test_each_kind_of_request_has_its_own_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inference has 8 s and tools 40 s: one that was answered in time never expires, and none does a moment early."""
    works, expired = Clockwork(), list[tuple[str, float]]()
    monkeypatch.setattr(clock, "now", lambda: works.now_s)
    limits = Deadlines(works, lambda one: expired.append((one.request.path, works.now_s - 1000)))  # type: ignore[arg-type]
    asked = [
        Exchange(Request("POST", path, {}, b"", limit_s, ("gateway",)), ())
        for path, limit_s in (("/infer", 8.0), ("/tool", 40.0), ("/infer", 8.0), ("/tool", 40.0))
    ]
    for number, exchange in enumerate(asked):
        works.until(1000.0 + number)
        limits.add(exchange, works.now_s)
    works.until(1007.9)
    assert expired == []
    asked[2].done = True  # answered after 5.9 s
    works.until(1039.9)
    assert expired == [("/infer", 8.0)]
    asked[1].done = True
    works.until(1100.0)
    assert expired == [("/infer", 8.0), ("/tool", 43.0)]


def test_one_that_begins_as_another_expires_has_its_own_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where one that waited gets the place of one that expired."""
    works, ended_s = Clockwork(), list[float]()
    monkeypatch.setattr(clock, "now", lambda: works.now_s)
    first, waiting = (Exchange(Request("GET", "/", {}, b"", 8.0, ("gateway",)), ()) for _ in range(2))

    def expired(exchange: Exchange) -> None:
        ended_s.append(works.now_s - 1000)
        if exchange is first:
            limits.add(waiting, works.now_s)

    limits = Deadlines(works, expired)  # type: ignore[arg-type]
    limits.add(first, works.now_s)
    works.until(1100.0)
    assert ended_s == [8.0, 16.0]


class FakeEngine:
    """An engine that opens no connection by itself and records what is written."""

    def __init__(self) -> None:
        self.opening: list[Any] = []
        self.written: list[bytes] = []
        self.aborted = 0

    def call_later(self, delay_s: float, call: object, *words: object) -> FakeEngine:
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


def test_what_was_given_up_while_it_connected_is_not_sent_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.slow
def test_answers_that_come_late_or_never_count_where_they_were_due(tmp_path: Path) -> None:
    """Both engines at once, with the limits that the scenario has: inference 8 s, tools 40 s."""
    loads: list[Scenario] = []
    with HeldServer() as server, ExitStack() as stack:
        for engine in ("worker", "locust"):
            (folder := tmp_path / engine).mkdir()
            file, settings = (
                str(SCENARIOS / "tool_down.py"),
                {"rate": 20, "duration_s": 48, "thresholds_ms": "500,2000"},
            )
            loads.append(stack.enter_context(running(file, server.url, folder, engine=engine, **settings)))
        wait_until(lambda: all(load.total("gateway") > 60 for load in loads), "three seconds of requests")
        let_go_s = time.time()
        server.let_go()  # then it holds what comes for ever
        for load in loads:
            assert load.process.wait(60) == 0
            end_s = load.lines[-1]["t"]
            before = during(load, 0, let_go_s - 0.5)
            assert before["tools"]["ok"] == before["tools"]["sent"] > 20  # up to three seconds after they were due
            assert before["gateway"]["ok"] == before["gateway"]["sent"] > 30
            assert before["gateway"]["over 2000"] > 0
            seconds = (let_go_s + 0.5, end_s - 41), (end_s - 39, end_s - 9), (end_s - 7, end_s)
            first, middle, last = (during(load, *window) for window in seconds)
            assert first["tools"]["timeout"] == first["tools"]["sent"] > 5  # after 40 s
            assert first["gateway"]["timeout"] == first["gateway"]["sent"]
            assert middle["tools"]["unfinished"] == middle["tools"]["sent"] > 100
            inference = middle["gateway"]["sent"] - middle["tools"]["sent"]
            assert middle["gateway"]["timeout"] == inference > 20  # after 8 s
            assert last["gateway"]["unfinished"] == last["gateway"]["sent"] > 50


def during(load: Scenario, since: float, until: float) -> dict[str, Counter[str]]:
    """What became of the arrivals that were due in a while, by series: sent, ok, `over 2000` and the kinds of bad."""
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
def test_a_generator_that_falls_behind_says_so_with_a_number(tmp_path: Path, engine: str) -> None:
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
    told = [(int(count), float(worst.replace(",", ""))) for count, worst in COUNT.findall(err)]
    late = sum(count for count, _ in told)
    assert late == shown_late(engine, out, tmp_path)
    # A second without processor delays 200 arrivals, nine tenths of them by over 100 ms; a busy machine adds to that.
    assert 150 < late < server.requests[PATH]
    assert max(worst for _, worst in told) > 900


def shown_late(engine: str, out: str, folder: Path) -> int:
    """The count of the row of late arrivals, in the table at the end or in locust's statistics."""
    if engine == "worker":
        (row,) = [line for line in out.splitlines() if line.startswith("late ")]
        return int(row.removeprefix("late started over 100 ms after due: no data").split()[0])
    rows = json.loads((folder / "stats.json").read_text())
    (late,) = [row for row in rows if row["method"] == "late"]
    return int(late["num_requests"])


@pytest.mark.slow
@pytest.mark.parametrize("kind", [FAST, STOCK], ids=["fast", "stock"])
def test_the_logs_of_the_web_ui_have_the_warning_of_each_worker(tmp_path: Path, kind: tuple[str, ...]) -> None:
    with HttpServer() as server, Swarm(tmp_path, server.url, kind) as swarm:
        swarm.start(rate=200, schedule="constant")
        wait_until(lambda: server.requests[PATH] > 200, "a calm second")
        swarm.processes[1].send_signal(signal.SIGSTOP)
        time.sleep(1.0)  # not waiting for anything: this is the hold-up
        swarm.processes[1].send_signal(signal.SIGCONT)
        wait_until(lambda: COUNT.search(str(swarm.call("/logs")["workers"])), "the warning in the Logs tab")
        wait_until(lambda: swarm.count("late") > 150, "late arrivals, in a row of their own")
        assert swarm.count("Aggregated") == swarm.count("POST")
