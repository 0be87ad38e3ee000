"""Several workers under one locust master share a schedule, and appear in its web UI as ordinary workers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.network import free_port
from tests.support.paths import SCENARIOS
from tests.support.scenarios import HttpServer, RealtimeServer, rate
from tests.support.swarm import FAST, STOCK, Swarm
from tests.support.waiting import wait_until

PATH = "/v1/infer"
kinds = pytest.mark.parametrize("kind", [FAST, STOCK], ids=["fast", "stock"])


def recording(times_s: list[float]) -> Callable[[str, dict[str, object]], int]:
    """Return an answer for `HttpServer` that appends the time of each request to `times_s`."""

    def answer(path: str, body: dict[str, object]) -> int:
        times_s.append(time.monotonic())
        return 200

    return answer


@pytest.mark.slow
def test_four_workers_share_one_schedule_and_count_what_the_server_received(tmp_path: Path) -> None:
    seen: list[float] = []
    with HttpServer(recording(seen)) as server, Swarm(tmp_path, server.url, FAST, FAST, FAST, STOCK) as swarm:
        for fields, text in (({"rate": 0}, "above 0"), ({"schedule": "often"}, "Valid"), ({"host": "ftp://x"}, "http")):
            refused = swarm.start(**fields)
            assert (refused["success"], text in refused["message"]) == (False, True), refused

        assert swarm.start(rate=200, schedule="constant")["success"]
        wait_until(lambda: rate(seen, 400) == pytest.approx(200, rel=0.1), "the rate of all four together")
        assert {worker["state"] for worker in swarm.workers()} == {"running"}
        swarm.start(rate=800)  # an edit while it runs
        wait_until(lambda: rate(seen, 1200) > 500, "the edited rate")
        swarm.stop()
        wait_until(lambda: swarm.count("POST") >= server.requests[PATH], "the last counts")
        rows = swarm.rows()
        posted, failed = rows["POST"]["num_requests"], rows["POST"]["num_failures"]
        unsent = swarm.count("unsent")
        assert posted - unsent - failed <= server.requests[PATH] <= posted - unsent
        assert rows["Aggregated"]["num_requests"] == posted  # late and unsent ones are in no total
        assert {error["error"] for error in swarm.stats()["errors"]} <= {"unfinished"}

        swarm.start(rate=100)  # again, from zero
        wait_until(lambda: 0 < swarm.count("POST") < posted / 2, "the counts of the second run")
        swarm.stop()
        assert swarm.end() == [0] * 5


@pytest.mark.slow
def test_web_ui_shows_the_true_p95_of_a_stall_and_late_arrivals_in_a_separate_row(tmp_path: Path) -> None:
    seen: list[float] = []

    def answer(path: str, body: dict[str, object]) -> int:
        seen.append(time.monotonic())
        return 200

    with HttpServer(answer) as server, Swarm(tmp_path, server.url, FAST) as swarm:
        swarm.start(rate=200, schedule="constant")
        wait_until(lambda: len(seen) > 400, "two calm seconds")
        server.freeze(1.0)
        wait_until(lambda: swarm.count("POST") > 1000, "five seconds")
        swarm.stop()
        wait_until(lambda: swarm.count("POST") >= len(seen), "the last counts")
        shown_ms = swarm.rows()["POST"]["response_time_percentile_0.95"]
        assert shown_ms == pytest.approx(1e3 * true_p95_s(seen, 200), rel=0.04)

        before = server.requests[PATH]
        swarm.start(rate=200, schedule="constant")
        wait_until(lambda: server.requests[PATH] > before + 200, "a second run")
        worker = swarm.processes[1]
        worker.send_signal(signal.SIGSTOP)
        time.sleep(1.0)  # not waiting for anything: this is the hold-up
        worker.send_signal(signal.SIGCONT)
        wait_until(lambda: swarm.count("late") > 150, "late arrivals, in a row of their own")
        rows = swarm.rows()
        assert rows["Aggregated"]["num_requests"] == rows["POST"]["num_requests"]
        swarm.stop()
        assert swarm.end() == [0, 0]


@pytest.mark.slow
def test_workers_share_websocket_connections(tmp_path: Path) -> None:
    with RealtimeServer(interval_s=0.2) as server, Swarm(
        tmp_path, server.url, FAST, FAST, FAST, file="ws_overload.py"
    ) as swarm:  # fmt: skip
        swarm.start(rate=100)
        wait_until(lambda: server.open == 100, "a hundred clients of three workers")
        swarm.start(rate=40)
        wait_until(lambda: server.open == 40, "forty of them")
        swarm.stop()
        wait_until(lambda: server.open == 0, "all clients leaving")
        assert swarm.end() == [0] * 4


@pytest.mark.slow
def test_remaining_worker_takes_the_whole_rate_and_registers_with_a_restarted_master(tmp_path: Path) -> None:
    seen: list[float] = []
    with HttpServer(recording(seen)) as server, Swarm(tmp_path, server.url, FAST, FAST) as swarm:
        swarm.start(rate=200, schedule="constant")
        wait_until(lambda: server.requests[PATH] > 200, "arrivals of two")
        swarm.processes[2].send_signal(signal.SIGTERM)
        assert swarm.processes[2].wait(10) == 0
        wait_until(lambda: len(swarm.workers()) == 1, "the other alone")
        seen.clear()
        wait_until(lambda: rate(seen, 400) > 150, "the whole rate by the worker that is left")

        swarm.master.kill()
        swarm.master.wait()
        swarm.start_master()
        wait_until(lambda: [worker["state"] for worker in swarm.workers()] == ["ready"], "the worker at the new master")
        quiet = server.requests[PATH]
        swarm.start(rate=100)
        wait_until(lambda: server.requests[PATH] > quiet + 100, "arrivals for the new master")


@pytest.mark.slow
@kinds
def test_arrivals_of_a_killed_worker_are_counted_until_the_other_sends_them(
    tmp_path: Path, kind: tuple[str, ...]
) -> None:
    seen: list[float] = []
    with HttpServer(recording(seen)) as server, Swarm(tmp_path, server.url, kind, kind) as swarm:
        swarm.start(rate=200, schedule="constant")
        wait_until(lambda: swarm.count("POST") > 1000, "reported counts of two")
        swarm.processes[2].kill()
        reported = swarm.count("POST")
        wait_until(lambda: swarm.count("missing"), "the missing arrivals")
        wait_until(lambda: rate(seen, 300) > 180, "the whole rate by the worker that is left")
        assert swarm.count("POST") >= reported
        swarm.stop()
        wait_until(lambda: swarm.count("POST") + swarm.count("missing") > 0.97 * 200 * (seen[-1] - seen[0]), "all")
        assert swarm.count("POST") + swarm.count("missing") == pytest.approx(200 * (seen[-1] - seen[0]), rel=0.03)
        assert swarm.count("missing") < 1000, "of 100 a second: 3 s without a report, 3 s until the other has the share"
        assert f"about {swarm.count('missing')} arrivals are missing" in (tmp_path / "log-0").read_text()


@pytest.mark.slow
@kinds
def test_hang_shows_outstanding_arrivals_falling_rates_and_timeouts(tmp_path: Path, kind: tuple[str, ...]) -> None:
    silent = threading.Event()

    def answer(path: str, body: dict[str, object]) -> int | None:
        return None if silent.is_set() else 200

    with HttpServer(answer) as server, Swarm(tmp_path, server.url, kind) as swarm:
        swarm.start(rate=100, schedule="constant")
        wait_until(lambda: swarm.stats()["current_rps"] > 50, "the current rate")
        silent.set()
        wait_until(lambda: swarm.rows()["outstanding"]["num_requests"] > 400, "arrivals without an answer")
        assert swarm.rows()["outstanding"]["max_response_time"] > 3000, "the age of the oldest in ms"
        assert swarm.rows()["POST"]["num_failures"] == 0, "none of them has passed its timeout of 8 s"
        assert swarm.rows()["Aggregated"]["num_requests"] == swarm.rows()["POST"]["num_requests"]
        wait_until(lambda: swarm.rows()["POST"]["num_failures"] > 100, "timeouts")
        assert swarm.rows()["outstanding"]["num_requests"] <= 100 * 8.5 + 100
        assert swarm.rows()["POST"]["response_time_percentile_0.95"] >= 8000
        swarm.stop()


@pytest.mark.slow
def test_rates_fall_and_outstanding_arrivals_are_shown_in_a_hang_without_a_master(tmp_path: Path) -> None:
    silent = threading.Event()

    def answer(path: str, body: dict[str, object]) -> int | None:
        return None if silent.is_set() else 200

    with HttpServer(answer) as server, Swarm(tmp_path, server.url, alone=True) as swarm:
        swarm.start(rate=100, schedule="constant")
        wait_until(lambda: swarm.stats()["current_rps"] > 90, "the current rate")
        silent.set()
        wait_until(lambda: swarm.rows()["outstanding"]["num_requests"] > 100, "arrivals without an answer")
        wait_until(lambda: swarm.stats()["current_rps"] < 80, "a falling rate")
        assert swarm.rows()["POST"]["num_failures"] < 100, "the rate fell before the timeouts, which count in it too"
        swarm.stop()


@pytest.mark.slow
def test_load_shape_sets_the_rate_of_each_phase_for_forked_workers(tmp_path: Path) -> None:
    port = str(free_port())
    files = f"{SCENARIOS}/timeout.py,{SCENARIOS}/phases.py"
    with HttpServer() as server:
        done = subprocess.run(
            [sys.executable, "-m", "locust", "-f", files, "--headless", "--processes", "2", "--only-summary",
             "--host", server.url, "--rate", "100", "--schedule", "constant", "--phases", "3 1, 3 4",
             "--master-bind-port", port, "--master-port", port, "--json-file", "stats"],
            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        (posted,) = [row for row in json.loads((tmp_path / "stats.json").read_text()) if row["method"] == "POST"]
        assert posted["num_requests"] - posted["num_failures"] <= server.requests[PATH] <= posted["num_requests"]
        assert server.requests[PATH] == pytest.approx(3 * 100 + 3 * 400, rel=0.15)


def true_p95_s(answered_s: list[float], rate_per_s: float) -> float:
    """Return the P95 by the server's clock: answer n belongs to arrival n, and the fastest one took no time."""
    waits_s = [answer_s - number / rate_per_s for number, answer_s in enumerate(sorted(answered_s))]
    return sorted(wait_s - min(waits_s) for wait_s in waits_s)[int(0.95 * len(waits_s))]
