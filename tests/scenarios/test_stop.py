"""Stop of a run by a locust master: outstanding arrivals have `--stop-timeout`, as with workers of locust's own."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.test_wire import ECHO, declared
from tests.support.scenarios import HttpServer, RealtimeServer
from tests.support.swarm import FAST, STOCK, Swarm
from tests.support.waiting import wait_until

PATH = "/v1/infer"
slow = pytest.mark.slow
fast_mostly = pytest.mark.parametrize("kind", [FAST, pytest.param(STOCK, marks=slow)], ids=["fast", "stock"])
workers = pytest.mark.parametrize("kind", [FAST, STOCK], ids=["fast", "stock"])


def stopping(swarm: Swarm) -> threading.Thread:
    """Request the stop in a thread, as the web UI does; the request lasts until all workers have stopped."""
    asked = threading.Thread(target=swarm.call, args=("/stop",), kwargs={"now": True})
    asked.start()
    return asked


def errors(swarm: Swarm) -> dict[str, int]:
    return {error["error"]: error["occurrences"] for error in swarm.stats()["errors"]}


def hold_requests(swarm: Swarm, server: HeldServer) -> None:
    """Start a run, and return when many requests wait for their answer."""
    swarm.start(rate=100, schedule="constant")
    wait_until(lambda: server.requests[PATH] > 60, "requests that wait for their answer")


def final_row(folder: Path) -> dict[str, Any]:
    """Return the row of the requests in the final statistics, the `--json-file`."""
    (posted,) = [row for row in json.loads((folder / "stats.json").read_text()) if row["method"] == "POST"]
    return dict(posted)


@fast_mostly
def test_stop_awaits_outstanding_requests_and_sends_no_more(tmp_path: Path, kind: tuple[str, ...]) -> None:
    with HeldServer() as server, Swarm(tmp_path, server.url, kind, master=("--stop-timeout", "30")) as swarm:
        hold_requests(swarm, server)
        asked = stopping(swarm)
        quiet = server.settled()
        server.release()
        asked.join(20)
        wait_until(lambda: swarm.count("POST") == quiet, "the last counts")
        assert server.requests[PATH] == quiet
        assert swarm.rows()["POST"]["num_failures"] == 0
        assert errors(swarm) == {}


@slow
@workers
def test_quit_awaits_outstanding_requests_and_has_all_counts(tmp_path: Path, kind: tuple[str, ...]) -> None:
    ending = ("--stop-timeout", "30", "--json-file", "stats")
    with HeldServer() as server, Swarm(tmp_path, server.url, kind, master=ending) as swarm:
        hold_requests(swarm, server)
        swarm.master.send_signal(signal.SIGTERM)
        quiet = server.settled()
        server.release()
        assert swarm.end() == [0, 0]
        posted = final_row(tmp_path)
        assert (posted["num_requests"], posted["num_failures"]) == (quiet, 0)


@slow
@workers
def test_quit_ends_requests_after_the_stop_timeout(tmp_path: Path, kind: tuple[str, ...]) -> None:
    ending = ("--stop-timeout", "1", "--json-file", "stats")
    with HeldServer() as server, Swarm(tmp_path, server.url, kind, master=ending) as swarm:
        hold_requests(swarm, server)
        assert swarm.end() == [0, 0]
        posted = final_row(tmp_path)
        assert posted["num_requests"] == posted["num_failures"] >= server.requests[PATH]


@slow
@workers
def test_requests_outstanding_after_the_stop_timeout_are_unfinished(tmp_path: Path, kind: tuple[str, ...]) -> None:
    with HeldServer() as server, Swarm(tmp_path, server.url, kind, master=("--stop-timeout", "1")) as swarm:
        hold_requests(swarm, server)
        swarm.stop()
        wait_until(lambda: swarm.count("POST") >= server.requests[PATH], "the last counts")
        assert errors(swarm) == {"unfinished": swarm.count("POST")}
        assert server.requests[PATH] == swarm.count("POST") - swarm.count("unsent")


@slow
def test_fast_worker_is_ready_for_the_next_run_once_it_has_stopped(tmp_path: Path) -> None:
    with HeldServer() as server, Swarm(tmp_path, server.url, FAST, master=("--stop-timeout", "1")) as swarm:
        for _ in range(2):
            before = server.requests[PATH]
            swarm.start(rate=100, schedule="constant")
            wait_until(lambda before=before: server.requests[PATH] > before + 20, "requests")  # type: ignore[misc]
            swarm.stop()
        assert swarm.end() == [0, 0]


@slow
@workers
def test_stop_awaits_outstanding_echoes(tmp_path: Path, kind: tuple[str, ...]) -> None:
    file = declared(
        tmp_path, ECHO.replace("hold_mean_s, ", "hold_mean_s = float('inf')\n    ").replace("= 1.0, ", "= ")
    )
    with RealtimeServer(interval_s=1, echo=True, delay_s=0.5) as server, Swarm(
        tmp_path, server.url, kind, file=file, master=("--stop-timeout", "20")
    ) as swarm:  # fmt: skip
        swarm.start()
        wait_until(lambda: server.acked > 100, "echoes")
        swarm.stop()
        wait_until(lambda: server.open == 0, "all clients leaving")
        assert errors(swarm) == {}


@slow
@workers
def test_edit_changes_the_host(tmp_path: Path, kind: tuple[str, ...]) -> None:
    """The edit form of the web UI has no such field; a program that calls `/swarm` can send it."""
    with HttpServer() as one, HttpServer() as other, Swarm(tmp_path, one.url, kind) as swarm:
        swarm.start(rate=100, host=one.url)
        wait_until(lambda: one.requests[PATH] > 50, "requests to the first")
        swarm.start(rate=100, host=other.url)
        wait_until(lambda: other.requests[PATH] > 50, "requests to the other")
        left, seen = one.requests[PATH], other.requests[PATH]
        wait_until(lambda: other.requests[PATH] > seen + 100, "more of them")
        assert one.requests[PATH] == left
        refused = swarm.start(rate=100, host="http://no.such.host.invalid")
        assert not refused["success"]
        swarm.stop()
        assert errors(swarm) == {} or set(errors(swarm)) == {"unfinished"}


class HeldServer(HttpServer):
    """Answers nothing until `release`."""

    def __init__(self) -> None:
        super().__init__(lambda path, body: None)
        self._held: list[Any] = []

    async def hold(self, writer: Any) -> None:
        self._held.append(writer)

    def settled(self) -> int:
        """Return the number of requests once no more arrive."""
        import time

        while True:
            seen = self.requests[PATH]
            time.sleep(0.5)  # long enough for fifty arrivals of a generator that has not stopped
            if self.requests[PATH] == seen:
                return seen

    def release(self) -> None:
        for writer in self._held:
            self.loop.call_soon_threadsafe(writer.write, b'HTTP/1.1 200 X\r\nContent-Length: 11\r\n\r\n{"ok":true}')
