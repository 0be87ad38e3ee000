"""The scenarios as the harness starts them: subprocesses of both engines against real servers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.support.network import free_port
from tests.support.paths import SCENARIOS
from tests.support.scenarios import ENGINES, LIMIT_S, HttpServer, RealtimeServer, Scenario, running
from tests.support.waiting import wait_until

engines = pytest.mark.parametrize("engine", ENGINES)
mostly_worker = pytest.mark.parametrize("engine", ["worker", pytest.param("locust", marks=pytest.mark.slow)])


def quantile_s(hist: dict[str, int], q: float) -> float:
    """Return a quantile of the stream's buckets, by the inverse of the formula in docs/reference/contracts.md."""
    rank, seen = q * sum(hist.values()), 0
    for bucket in sorted(map(int, hist)):
        seen += hist[str(bucket)]
        if seen >= rank:
            break
    exponent = max(0, (bucket >> 8) - 1)
    return ((bucket - (exponent << 8)) << exponent) / 1e6


@engines
def test_stall_of_the_server_raises_p95_and_every_arrival_is_counted(tmp_path: Path, engine: str) -> None:
    with (
        HttpServer() as server,
        running(str(SCENARIOS / "timeout.py"), server.url, tmp_path, engine=engine, rate=200) as load,
    ):
        assert load.hello["scenario"] == "timeout"
        assert load.hello["series"] == ["gateway"]
        assert load.hello["pid"] == load.process.pid
        wait_until(lambda: load.total("gateway", key="ok") > 100, "answers before the stall")
        calm = load.total("gateway", key="over")["500"]
        server.freeze(1.0)
        wait_until(lambda: load.total("gateway", key="over")["500"] > calm + 60, "arrivals over 500 ms")
        wait_until(lambda: load.total("gateway", key="ok") > load.total("gateway") - 20, "the end of the stall")
        hold_up(load, 1.2)
        assert load.finish() == 0

        sent, ok, bad = (load.total("gateway", key=key) for key in ("sent", "ok", "bad"))
        hist = load.total("gateway", key="hist")
        assert quantile_s(hist, 0.95) > 0.5
        assert sum(hist.values()) == ok
        assert sent == ok + sum(bad.values())
        assert set(bad) <= {"unfinished"}
        assert sent - bad["unfinished"] <= server.requests["/v1/infer"] <= sent
        assert len(server.tenants) > 2
        assert load.lines[-1] | {"t": 0} == {"ev": "bye", "t": 0, "sent": sent, "outstanding": bad["unfinished"]}


def hold_up(load: Scenario, seconds: float) -> None:
    """Stop the generator for a while: due arrivals become late, and no slice grows after it was reported."""
    before = load.total("gateway", key="late")
    load.process.send_signal(signal.SIGSTOP)
    time.sleep(seconds)  # not waiting for anything: this is the hold-up
    load.process.send_signal(signal.SIGCONT)
    wait_until(lambda: load.total("gateway", key="late") > before + 120, "late arrivals")
    lines = list(load.lines)
    for number, line in enumerate(lines[1:], 2):
        later = [delta for line in lines[number:] for delta in line["deltas"] if delta["sent"]]
        reported = line["t"] - load.hello["slice_s"]
        assert not [delta for delta in later if delta["at"] <= reported], "a slice before t got arrivals"


@mostly_worker
def test_outstanding_arrival_counts_as_over_and_as_unfinished_at_the_end(tmp_path: Path, engine: str) -> None:
    with HttpServer(lambda path, body: None) as server, running(
        str(SCENARIOS / "tool_down.py"), server.url, tmp_path, engine=engine, rate=50, thresholds_ms="300,500"
    ) as load:  # fmt: skip
        wait_until(lambda: load.total("tools", key="over")["500"] > 20, "outstanding tool calls over 500 ms")
        assert load.total("tools", key="ok") == 0
        assert not load.total("tools", key="bad")
        assert load.total("tools", key="over")["300"] >= load.total("tools", key="over")["500"]
        assert load.finish() == 0
        for series in load.hello["series"]:
            sent = load.total(series)
            assert load.total(series, key="bad") == {"unfinished": sent}
            assert load.total(series, key="over") == {"300": sent, "500": sent}
        assert 0.6 < load.total("tools") / load.total("gateway") < 0.95
        assert load.lines[-1]["outstanding"] == load.total("gateway")


@pytest.mark.slow
@engines
def test_faults_change_the_load_for_their_duration_and_need_the_token(tmp_path: Path, engine: str) -> None:
    def strict(path: str, body: dict[str, object]) -> int:
        prompt = body.get("prompt")
        good = isinstance(prompt, str) and len(prompt) < 10_000 and prompt.isprintable()
        return 200 if good and set(body) == {"model", "prompt", "max_tokens"} else 400

    with (
        HttpServer(strict) as server,
        running("validation_fail.py", server.url, SCENARIOS, engine=engine, rate=100) as load,
    ):
        (SCENARIOS / "stderr").unlink()
        assert load.admin("POST", "/faults", {}, token="another")[0] == 403
        status, answer = load.admin("POST", "/faults", {"name": "crowd", "max_duration_s": 1})
        assert (status, "surge, new-clients" in answer["error"]) == (400, True)
        status, answer = load.admin("POST", "/faults", {"name": "surge", "factor": 4})
        assert (status, "max_duration_s" in answer["error"]) == (400, True)

        surge = {"name": "surge", "factor": 5, "max_duration_s": 2.2}
        status, answer = load.admin("POST", "/faults", surge)
        assert status == 201
        assert load.admin("GET", "/faults")[1][0]["id"] == answer["id"]
        assert sent_in(load, int(time.time()) + 1) > 300
        wait_until(lambda: load.admin("GET", "/faults") == (200, []), "the end of the surge by itself")
        assert 50 < sent_in(load, int(time.time()) + 1) < 200
        assert not load.total("valid", key="bad")

        status, answer = load.admin("POST", "/faults", {"name": "new-clients", "share": 1, "max_duration_s": 60})
        wait_until(lambda: load.total("valid", key="bad")["rejected"] > 20, "refusals of new clients")
        assert load.admin("DELETE", f"/faults/{answer['id']}")[0] == 204
        assert load.admin("DELETE", f"/faults/{answer['id']}")[0] == 204
        assert load.total("bad_input", key="ok") > 10
        assert not load.total("bad_input", key="bad")
        assert not load.total("gateway", key="bad")

        server.answer = lambda path, body: 200
        wait_until(lambda: load.total("bad_input", key="bad")["accepted"] > 3, "bad input that was accepted")
        server.answer = lambda path, body: 503
        wait_until(lambda: load.total("gateway", key="bad")["http_503"] > 3, "failures of the server")


def sent_in(load: Scenario, second: int) -> int:
    """Return the arrivals of one whole second, once it is complete."""
    wait_until(lambda: load.lines[-1].get("t", 0) >= second + 1, "the end of a second")
    return int(load.total("gateway", second) - load.total("gateway", second + 1))


@pytest.mark.slow
@engines
def test_crowd_adds_websocket_clients_and_its_revert_removes_them(tmp_path: Path, engine: str) -> None:
    with RealtimeServer(interval_s=0.1, drop=5) as server, running(
        str(SCENARIOS / "ws_overload.py"), server.url, tmp_path, engine=engine, rate=40
    ) as load:  # fmt: skip
        wait_until(lambda: server.open == 40 and server.dropped > 40, "forty clients, and gaps")
        crowd = {"name": "crowd", "connections": 30, "slow_share": 0.5, "ack_delay_ms": 400, "max_duration_s": 60}
        _, answer = load.admin("POST", "/faults", crowd)
        wait_until(lambda: server.open == 70 and len(server.slow) == 15, "the crowd, half of it slow")
        load.admin("DELETE", f"/faults/{answer['id']}")
        wait_until(lambda: server.open == 40 and not server.slow, "the crowd leaving")
        server.places = 0
        load.admin("POST", "/faults", crowd)
        wait_until(lambda: load.total("connects", key="bad")["http_503"] > 60, "refused clients that try again")
        server.places = 1000
        wait_until(lambda: server.open == 70, "all clients, after retries")
        assert load.finish() == 0

        assert load.total("messages", key="ok") <= server.sent
        assert load.total("messages", key="ok") >= server.acked > 100
        assert 0 < load.total("messages", key="bad")["dropped"] <= server.dropped
        assert load.total("messages") == load.total("messages", key="ok") + server_gaps(load)
        assert load.total("connects", key="bad")["http_503"] == server.refused
        assert load.total("connects", key="ok") >= 100


def server_gaps(load: Scenario) -> int:
    bad = load.total("messages", key="bad")
    assert set(bad) == {"dropped"}
    return int(bad["dropped"])


@mostly_worker
def test_idle_scenario_reports_and_ends_with_its_parent(tmp_path: Path, engine: str) -> None:
    parent = "import subprocess, sys; fd = int(__import__('os').environ['GAMEDAY_STREAM_FD']); "
    parent += "subprocess.Popen(sys.argv[1:], pass_fds=(fd,)); sys.stdin.read()"
    load = Scenario(
        str(SCENARIOS / "timeout.py"),
        "http://127.0.0.1:9",
        tmp_path,
        [sys.executable, "-c", parent],
        engine=engine,
        rate=0.001,
    )
    own = psutil.Process(load.hello["pid"])
    wait_until(lambda: [line.get("deltas") for line in load.lines[1:]] == [[]], "a beat without arrivals")
    load.kill()
    own.wait(LIMIT_S)
    assert "is gone" in load.stderr.read_text()


@mostly_worker
def test_scenario_ends_with_a_reason_when_its_stream_is_closed(tmp_path: Path, engine: str) -> None:
    read_fd, write_fd = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", *ENGINES[engine], str(SCENARIOS / "timeout.py")],
        cwd=tmp_path, pass_fds=(write_fd,), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "GAMEDAY_STREAM_FD": str(write_fd)},
    )  # fmt: skip
    os.close(write_fd)
    assert b"hello" in os.read(read_fd, 4096)
    os.close(read_fd)
    assert b"load stream" in process.communicate(timeout=LIMIT_S)[1]
    assert process.returncode == 2


def test_web_ui_starts_stops_and_restarts_a_run(tmp_path: Path) -> None:
    with HttpServer() as server:
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "locust", "-f", str(SCENARIOS / "timeout.py"), "--host", server.url,
             "--web-host", "127.0.0.1", "--web-port", str(port)],
            cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            web = f"http://127.0.0.1:{port}"
            wait_until(lambda: b"rate" in get(f"{web}/"), "the web UI")
            for rate in (20, 100):
                before = server.requests["/v1/infer"]
                get(f"{web}/swarm", user_count=5, spawn_rate=5, host=server.url, rate=rate)
                wait_until(lambda seen=before: server.requests["/v1/infer"] > seen + 20, "requests")  # type: ignore[misc]
                get(f"{web}/stop", now=True)
                wait_until(lambda: b'"stopped"' in get(f"{web}/stats/requests"), "the stop")
            process.send_signal(signal.SIGTERM)
            assert process.wait(LIMIT_S) == 0
        finally:
            process.kill()
            process.communicate()


def get(url: str, **form: object) -> bytes:
    """Send a GET, or a POST with a form; return the body, b"" while the server does not listen yet."""
    try:
        data = urllib.parse.urlencode(form).encode() if form else None
        with urllib.request.urlopen(url, data, timeout=5) as answer:
            return bytes(answer.read())
    except urllib.error.URLError as error:
        if not isinstance(error.reason, ConnectionRefusedError):
            raise
        return b""


def outstanding(load: Scenario, series: str) -> int:
    return int(load.total(series) - load.total(series, key="ok") - load.total(series, key="bad").total())


@pytest.mark.slow
@engines
def test_two_thousand_clients_stay_connected_and_receive_messages(tmp_path: Path, engine: str) -> None:
    with RealtimeServer(interval_s=2.0) as server, running(
        str(SCENARIOS / "ws_overload.py"), server.url, tmp_path, engine=engine, rate=2000
    ) as load:  # fmt: skip
        wait_until(lambda: server.open >= 1990, "two thousand clients")
        seen = server.acked
        wait_until(lambda: server.acked > seen + 4000, "messages to all of them")
        assert not load.total("connects", key="bad")
        server.places = 1000
        crowd = {"name": "crowd", "connections": 1000, "slow_share": 0, "ack_delay_ms": 0, "max_duration_s": 60}
        _, answer = load.admin("POST", "/faults", crowd)
        wait_until(lambda: server.refused > 2000, "a crowd that keeps trying")
        load.admin("DELETE", f"/faults/{answer['id']}")
        wait_until(lambda: load.admin("GET", "/faults") == (200, []), "the end of the crowd")
        server.places = 10_000
        wait_until(lambda: server.open >= 1990, "the others again")
        wait_until(lambda: outstanding(load, "connects") <= 10, "the outcome of every handshake")
        assert load.finish() == 0
        assert not load.total("messages", key="bad")
