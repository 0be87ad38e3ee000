"""Run the fast worker under a stock locust master, by the calls of its web UI: `/swarm`, `/stats/requests`."""

from __future__ import annotations

import json
import math
import socket
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.parts import ours
from benchmarks.parts.outcome import Outcome
from benchmarks.parts.processes import Child, RunError, Server, Usage
from scenarios.generator.statistics import LATE_ROW, UNSENT_ROW

POLL_S = 0.5
MEMOISED_S = 2.2
"""Locust caches its answer to `/stats/requests` for up to 2 s."""


def free_port() -> int:
    """Return a port that is free now: locust's master cannot choose one itself."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def arrivals(server: Server, rate_per_s: float, duration_s: float, folder: Path) -> Outcome:
    """Run evenly spaced arrivals by the start form for `duration_s`; return the figures of the row `Aggregated`.

    `due` is the number of arrivals that the schedule has until the stop.
    """
    web, bind = free_port(), free_port()
    (folder / "master").mkdir()
    (folder / "worker").mkdir()
    master = [
        sys.executable, "-m", "locust", "-f", str(ours.ARRIVALS), "--master", "--master-bind-host", "127.0.0.1",
        "--master-bind-port", str(bind), "--web-host", "127.0.0.1", "--web-port", str(web), "--loglevel", "WARNING",
    ]  # fmt: skip
    worker = [*ours.worker(ours.ARRIVALS), "--master-host", "127.0.0.1", "--master-port", str(bind)]
    page = f"http://127.0.0.1:{web}"
    with Child(master, folder / "master") as master_process, Child(worker, folder / "worker") as worker_process:
        _until(
            lambda: get(f"{page}/stats/requests")["workers"],
            "a worker joined the master",
            (master_process, worker_process),
        )
        form = {"user_count": 1, "spawn_rate": 1, "host": server.url, "rate": rate_per_s, "schedule": "constant"}
        post(f"{page}/swarm", form)
        _until(lambda: server.ask(op="count")["first_s"], "a first request", (master_process, worker_process))
        first_s = server.ask(op="count")["first_s"]
        time.sleep(max(0.0, first_s + duration_s - time.monotonic()))
        ran_s = time.monotonic() - first_s
        post(f"{page}/stop", {})
        _until(
            lambda: get(f"{page}/stats/requests")["state"] == "stopped",
            "the run stopped",
            (master_process, worker_process),
        )
        time.sleep(MEMOISED_S)
        seen = get(f"{page}/stats/requests")
        usage = Usage(worker_process.cpu_s(), worker_process.rss_bytes())
    return read_page(seen, math.floor(rate_per_s * ran_s) + 1, usage)


def read_page(page: Mapping[str, Any], due: int, usage: Usage) -> Outcome:
    """Read the outcome from `/stats/requests`; late and unsent arrivals have rows of their own."""
    total = next(row for row in page["stats"] if row["name"] == "Aggregated")
    by_method = {row["method"]: row["num_requests"] for row in page["stats"]}
    unsent, late = by_method.get(UNSENT_ROW[0], 0), by_method.get(LATE_ROW[0], 0)
    unfinished = sum(error["occurrences"] for error in page["errors"] if error["error"] == "unfinished")
    return Outcome(
        due=due, sent=total["num_requests"] - unsent, lost=0, unfinished=unfinished,
        bad=total["num_failures"] - unfinished, late=late, p50_ms=total["median_response_time"],
        p95_ms=total["response_time_percentile_0.95"], p99_ms=total["response_time_percentile_0.99"], usage=usage,
    )  # fmt: skip


def get(url: str) -> dict[str, Any]:
    """Return the JSON of a URL of the web UI."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  # our own, on loopback
        read: dict[str, Any] = json.load(answer)
    return read


def post(url: str, form: Mapping[str, object]) -> None:
    """Send a form as the page does. Raises RunError when locust refuses it."""
    data = urllib.parse.urlencode({name: str(value) for name, value in form.items()}).encode()
    with urllib.request.urlopen(url, data, timeout=10) as answer:  # noqa: S310  # our own, on loopback
        reply = json.load(answer)
    if not reply.get("success"):
        raise RunError(f"locust's web UI refused the start: {reply}")


def _until(true: Callable[[], object], what: str, children: tuple[Child, ...]) -> None:
    deadline_s = time.monotonic() + ours.START_LIMIT_S
    while time.monotonic() < deadline_s:
        try:
            if true():
                return
        except (urllib.error.URLError, ConnectionError, KeyError):
            pass  # the web UI does not listen yet, or has no figures yet
        time.sleep(POLL_S)
    output = "; ".join(child.output_end() for child in children)
    raise RunError(f"not within {ours.START_LIMIT_S} s: {what}; output of the processes: {output}")
