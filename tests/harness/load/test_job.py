"""Load from several workers that share a rate; real worker processes stand in for a cluster's pods."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.bindings import LoadSpec, RunbookBinding
from harness.errors import BindingError
from harness.http import call
from harness.load.job import RUN, JobLoad, check_shared
from tests.support.paths import ROOT
from tests.support.waiting import wait_until

RATE = 40


class Processes:
    """Replaces KubernetesJobs: runs the Job's pods as local processes, each with its own admin port."""

    def __init__(self) -> None:
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.admins: dict[str, str] = {}

    def jobs(self) -> Processes:
        return self

    def start(self, body: Mapping[str, Any], count: int) -> Sequence[str]:
        assert body["spec"]["completions"] == body["spec"]["parallelism"] == count
        container = body["spec"]["template"]["spec"]["containers"][0]
        assert container["command"][:3] == ["sh", "-c", RUN]
        env = {one["name"]: one["value"] for one in container["env"]}
        own = {
            "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
            "PYTHONUNBUFFERED": "1",
            "GAMEDAY_ADMIN_PORT": "0",
        }
        for index in range(count):
            self.running[f"pod-{index}"] = subprocess.Popen(
                container["command"], env={**env, **own, "JOB_COMPLETION_INDEX": str(index)}, cwd=ROOT,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
        return list(self.running)

    def follow(self, pod: str, on_line: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        def read() -> None:
            stdout = self.running[pod].stdout
            assert stdout is not None
            with stdout:
                for line in stdout:
                    if b'"hello"' in line:
                        self.admins[pod] = json.loads(line)["admin"]
                    on_line(line.rstrip(b"\n"))
            on_end()

        threading.Thread(target=read, daemon=True).start()

    def port(self, pod: str, port: int) -> str:
        return self.admins[pod]

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(10)


@pytest.fixture
def service() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Counts:
    """Adds up the counts of a load."""

    def __init__(self) -> None:
        self.sent: dict[float, int] = {}
        self.t: list[float] = []
        self.ended: list[str] = []
        self.hellos: list[Mapping[str, Any]] = []

    def add(self, message: Mapping[str, Any]) -> None:
        if message["ev"] == "hello":
            self.hellos.append(message)
            return
        self.t.append(message["t"])
        for delta in message["deltas"]:
            self.sent[delta["at"]] = self.sent.get(delta["at"], 0) + delta["sent"]

    def rate(self, since_s: float) -> float:
        """Per second, over the complete slices since then."""
        slices = [count for at, count in self.sent.items() if since_s <= at < self.t[-1] - 0.25]
        return sum(slices) / (len(slices) * 0.25)


def load_on(service: str, workers: Processes, folder: Path) -> JobLoad:
    settings = {"GAMEDAY_HOST": service, "GAMEDAY_RATE": str(RATE), "GAMEDAY_SEED": "1", "GAMEDAY_SCHEDULE": "constant"}
    return JobLoad("timeout", settings, 2, workers, folder / "load.log")


def test_workers_share_rate_faults_and_stop(service: str, tmp_path: Path) -> None:
    workers, counts = Processes(), Counts()
    load = load_on(service, workers, tmp_path)
    load.start(counts.add, counts.ended.append)
    try:
        began = time.time() + 0.5
        wait_until(lambda: counts.t and counts.t[-1] > began + 2)
        assert counts.rate(began) == pytest.approx(RATE, rel=0.1)
        assert counts.t == sorted(counts.t)
        (hello,) = counts.hellos
        assert (hello["engine"], hello["pid"]) == ("worker, 2 in the cluster", None)
        admin = load.admin()
        auth = {"Authorization": f"Bearer {admin.token}"}
        assert call("POST", f"{admin.url}/faults", {"name": "nosuch", "max_duration_s": 9}, auth).status == 400
        surge = {"name": "surge", "max_duration_s": 9, "factor": 2}
        assert call("POST", f"{admin.url}/faults", surge, auth).status == 201
        for url in workers.admins.values():
            assert [one["name"] for one in json.loads(call("GET", f"{url}/faults", None, auth).body)] == ["surge"]
        since = time.time() + 0.5
        wait_until(lambda: counts.t[-1] > since + 2)
        assert counts.rate(since) == pytest.approx(2 * RATE, rel=0.1)
        assert call("DELETE", f"{admin.url}/faults", None, auth).status == 204
        assert call("GET", f"{admin.url}/faults", None, {"Authorization": "Bearer wrong"}).status == 403
    finally:
        load.stop()
    load.stop()
    assert counts.ended == [], "it was stopped"


def test_load_ends_when_a_worker_dies(service: str, tmp_path: Path) -> None:
    workers, counts = Processes(), Counts()
    load = load_on(service, workers, tmp_path)
    load.start(counts.add, counts.ended.append)
    try:
        workers.running["pod-1"].kill()
        wait_until(lambda: counts.ended)
        assert "died: pod-1" in counts.ended[0]
    finally:
        load.stop()


def binding(scenario: str, rate: float | None = None, load: LoadSpec | None = None) -> RunbookBinding:
    return RunbookBinding(scenario, "web", "gateway", "f", {}, rate=rate, load=load)


def test_load_that_cannot_be_divided_is_refused() -> None:
    with pytest.raises(BindingError, match="2 workers share a `rate`"):
        check_shared(binding("timeout"), 2)
    with pytest.raises(BindingError, match="contains the shipped scenarios only"):
        check_shared(binding("mine.py", 50), 1)
    with pytest.raises(BindingError, match="scenario `shop`: the load image contains the shipped scenarios only"):
        check_shared(binding("shop", 50, LoadSpec("shop", ())), 1)
    check_shared(binding("timeout"), 1)
