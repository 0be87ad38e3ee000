"""The load under locust's web UI: who starts it, what is counted, a worker that leaves, and the end of everything."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.errors import Interrupted, PlatformError
from harness.load.locust_ui import LocustLoad, LocustPage
from harness.load.worker import WorkerLoad
from tests.support.network import free_port
from tests.support.paths import SCENARIOS
from tests.support.scenarios import HttpServer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow
LIMIT_S = 60.0
PAGE = "http://127.0.0.1:8088"
COOKIE = "gameday-8088=secret"


@dataclass
class Audience:
    """Keeps what it gets."""

    waits: list[bool] = field(default_factory=list)
    ends: list[Callable[[], None]] = field(default_factory=list)

    def wait_for_load(self, waits: bool) -> None:
        self.waits.append(waits)

    def keep_locust(self, end: Callable[[], None]) -> None:
        self.ends.append(end)


@dataclass
class Started:
    """A load that was started, or whose start waits, with what it reported."""

    load: LocustLoad
    ui: LocustPage
    audience: Audience
    messages: list[Mapping[str, Any]] = field(default_factory=list)
    deaths: list[str] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._start)
        self.thread.start()

    def _start(self) -> None:
        try:
            self.load.start(self.messages.append, self.deaths.append)
        except Exception as error:
            self.errors.append(error)

    def sent(self) -> int:
        """The arrivals that were counted so far."""
        return sum(each["sent"] for line in self.messages if line["ev"] == "load" for each in line["deltas"])

    def pids(self) -> list[int]:
        """Those of locust, then of the workers."""
        return [line["pid"] for line in self.messages if line["ev"] == "hello"]

    def call(self, path: str, form: str | None = None, **headers: str) -> str:
        """Call locust's web UI, with the cookie of the page if `headers` has no other one."""
        headers = {"Cookie": self.ui.cookie, **headers}
        request = urllib.request.Request(f"{self.ui.url}{path}", form.encode() if form else None, headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return str(answer.read().decode())

    def workers(self) -> list[str]:
        return [each["state"] for each in json.loads(self.call("/stats/requests")).get("workers", [])]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """Start a load on a small server; everything is ended at the end of the test."""
    all_started: list[Started] = []
    with HttpServer() as server:

        def start(**changes: Any) -> Started:
            ui = replace(LocustPage("127.0.0.1", free_port(), PAGE, COOKIE), **changes)
            settings = {"GAMEDAY_HOST": server.url, "GAMEDAY_RATE": "100"}
            audience = Audience()
            load = LocustLoad(SCENARIOS / "timeout.py", settings, tmp_path, ui, audience)
            one = Started(load, ui, audience)
            all_started.append(one)
            return one

        yield start
        for each in all_started:
            each.load.stop()
            for end in each.audience.ends:
                end()
            each.thread.join()
            assert not [pid for pid in each.pids() if psutil.pid_exists(pid)]


def test_a_person_starts_the_load_and_a_worker_that_leaves_does_not_end_it(started: Callable[..., Started]) -> None:
    one = started()
    wait_until(lambda: one.audience.waits == [True], "locust's web UI", LIMIT_S)
    wait_until(lambda: one.workers() == ["ready"] * 2, "both workers", LIMIT_S)
    assert one.sent() == 0
    assert one.thread.is_alive(), "the load has not begun"
    one.call("/swarm", "user_count=1&spawn_rate=1")
    wait_until(lambda: one.sent() > 100, "arrivals", LIMIT_S)
    one.thread.join()
    assert one.audience.waits == [True, False]
    assert one.load.admin().url.startswith("http://127.0.0.1:")

    os.kill(one.pids()[1], signal.SIGKILL)
    wait_until(lambda: "missing" in one.workers() or len(one.workers()) == 1, "the loss of a worker", LIMIT_S)
    before, since_s = one.sent(), time.monotonic()
    wait_until(lambda: one.sent() > before + 300, "the other one sends all arrivals", LIMIT_S)
    assert one.deaths == []
    assert time.monotonic() - since_s < LIMIT_S
    os.kill(one.pids()[2], signal.SIGKILL)
    wait_until(lambda: one.deaths, "the end of the load", LIMIT_S)
    assert "every worker has left" in one.deaths[0]


def test_a_worker_of_another_machine_joins_takes_its_share_and_leaves(
    started: Callable[..., Started], tmp_path: Path
) -> None:
    port = free_port()
    one = started(workers=1, autostart=True, master_port=port)
    wait_until(lambda: one.sent() > 100, "arrivals", LIMIT_S)
    assert one.audience.waits[0] is False
    (tmp_path / "guest").mkdir()
    link = ("--master-host", "127.0.0.1", "--master-port", str(port))
    guest, counted = (
        WorkerLoad(SCENARIOS / "timeout.py", {}, tmp_path / "guest" / "load.log", arguments=link),
        list[int](),
    )

    def count(line: Mapping[str, Any]) -> None:
        counted.extend(each["sent"] for each in line.get("deltas", ()))

    guest.start(count, lambda why: None)
    try:
        wait_until(lambda: sum(counted) > 100, "arrivals of the guest", LIMIT_S)
        before = one.sent(), sum(counted)
        wait_until(lambda: sum(counted) > before[1] + 200, "more of them", LIMIT_S)
        own, theirs = one.sent() - before[0], sum(counted) - before[1]
        assert 0.5 < own / theirs < 2, "an equal share"
    finally:
        guest.stop()
    before_end = one.sent()
    wait_until(lambda: one.sent() > before_end + 300, "all arrivals again", LIMIT_S)
    assert one.deaths == []


def test_a_stop_before_the_load_has_begun_ends_the_wait(started: Callable[..., Started]) -> None:
    one = started()
    wait_until(lambda: one.audience.waits == [True], "locust's web UI", LIMIT_S)
    one.load.stop()
    one.thread.join()
    assert [type(error) for error in one.errors] == [Interrupted]


def test_locust_that_ends_is_the_end_of_the_load(started: Callable[..., Started]) -> None:
    one = started(autostart=True)
    wait_until(lambda: one.sent() > 0, "arrivals", LIMIT_S)
    os.killpg(one.pids()[0], signal.SIGKILL)
    wait_until(lambda: one.deaths, "the end of the load", LIMIT_S)
    assert "locust's web UI ended" in one.deaths[0]


def test_a_scenario_that_locust_cannot_load_is_named_with_its_log(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
    ui = LocustPage("127.0.0.1", free_port(), PAGE, COOKIE)
    audience = Audience()
    load = LocustLoad(tmp_path / "broken.py", {"GAMEDAY_HOST": "http://127.0.0.1:9"}, tmp_path, ui, audience)
    with pytest.raises(PlatformError, match=r"nothing_of_this_name.*its log is .*locust\.log"):
        load.start(lambda line: None, lambda why: None)
    load.stop()
    audience.ends[0]()


def test_the_web_ui_has_the_tab_without_a_secret_and_refuses_other_sites(started: Callable[..., Started]) -> None:
    one = started()
    wait_until(lambda: one.audience.waits == [True], "locust's web UI", LIMIT_S)
    index = one.call("/")
    assert '"extended_tabs": [{"key": "gameday", "title": "Gameday"}]' in index
    assert '<script src="./gameday-tab.js" data-port="8088" defer></script></body>' in index
    assert "secret" not in index + one.call("/gameday-tab.js")
    foreign = ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"})
    without = [{"Cookie": cookie} for cookie in ("", "gameday-8088=", "gameday-8088=wrong", "other=secret")]
    for headers in (*foreign, *without):
        for path, form in (("/", None), ("/swarm", "user_count=1&spawn_rate=1"), ("/stop", "")):
            with pytest.raises(urllib.error.HTTPError, match="403"):
                one.call(path, form, **headers)
    assert json.loads(one.call("/stats/requests"))["state"] == "ready"


STARTER = """
import subprocess, sys, time
print(subprocess.Popen(sys.argv[1:]).pid, flush=True)
time.sleep(600)
"""


def test_locust_ends_when_the_process_that_started_it_was_killed(tmp_path: Path) -> None:
    words = ["-m", "locust", "-f", str(SCENARIOS / "timeout.py"), "--web-host", "127.0.0.1", "--web-port"]
    argv = [sys.executable, "-c", STARTER, sys.executable, *words, str(free_port())]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GAMEDAY_PAGE": PAGE}
    with subprocess.Popen(argv, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        locust = psutil.Process(int(starter.stdout.readline()))
        wait_until(lambda: listens(locust), "locust's web UI", LIMIT_S)
        starter.kill()
    wait_until(lambda: not locust.is_running(), "the end of locust", LIMIT_S)


def listens(process: psutil.Process) -> bool:
    return any(each.status == psutil.CONN_LISTEN for each in process.net_connections())


def test_workers_of_locust_with_processes_join_and_leave(started: Callable[..., Started], tmp_path: Path) -> None:
    port = free_port()
    one = started(workers=1, autostart=True, master_port=port)
    wait_until(lambda: one.sent() > 100, "arrivals", LIMIT_S)
    guests = subprocess.Popen(
        [sys.executable, "-m", "locust", "-f", str(SCENARIOS / "timeout.py"), "--worker", "--processes", "2",
         "--master-host", "127.0.0.1", "--master-port", str(port)],
        cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        wait_until(lambda: one.workers().count("running") >= 3, "both processes", 2 * LIMIT_S)
        before, since_s = one.sent(), time.monotonic()
        wait_until(lambda: one.sent() > before + 100, "the share of the own worker", LIMIT_S)
        assert (one.sent() - before) / (time.monotonic() - since_s) < 75, "a third of 100 arrivals a second"
    finally:
        os.killpg(guests.pid, signal.SIGTERM)
        guests.wait(LIMIT_S)
    wait_until(lambda: one.workers().count("running") == 1, "their end", LIMIT_S)
    assert one.deaths == []
