"""Traffic of both engines: TLS, bodies, redirects, limits, and counts that agree with the server's."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import textwrap
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support.scenarios import LIMIT_S, HttpServer, RealtimeServer, Scenario, certificate_of, running
from tests.support.waiting import wait_until

DECLARED = """
from scenarios import in_locust
from scenarios.generator.declare import HttpScenario, WebSocketScenario


class Mine(HttpScenario):
    name, series, rate_per_s = "mine", ("gateway",), 100
    method, path, timeout_s = "POST", "/mine", 0.5
    schedule = "constant"

    def headers(self, rng):
        return {"X-Tenant": "acme"}

    def body(self, rng):
        return b'{"n": %d}' % rng.randint(0, 9)


MineUser = in_locust(Mine)
"""
engines = pytest.mark.parametrize("engine", ["worker", pytest.param("locust", marks=pytest.mark.slow)])


def declared(folder: Path, text: str = DECLARED) -> str:
    path = folder / "mine.py"
    path.write_text(textwrap.dedent(text))
    return str(path)


def ended(load: Scenario) -> tuple[int, int, dict[str, int], int]:
    """End the run; return its sent, ok, bad and unsent counts."""
    assert load.finish() == 0
    sent, ok, bad = (load.total("gateway", key=key) for key in ("sent", "ok", "bad"))
    assert sent == ok + bad.total() == load.lines[-1]["sent"]
    return sent, ok, bad, load.total("gateway", key="unsent")


@engines
def test_sent_requests_equal_those_that_the_server_received(tmp_path: Path, engine: str) -> None:
    statuses = iter([302, 404, 503] * 1000)
    with HttpServer(lambda path, body: next(statuses)) as server, running(
        declared(tmp_path), server.url, tmp_path, engine=engine, rate=150
    ) as load:  # fmt: skip
        wait_until(lambda: load.total("gateway", key="bad").total() > 150, "answers")
        server.answer = lambda path, body: 200 if isinstance(body["n"], int) else 400
        wait_until(lambda: load.total("gateway", key="ok") > 150, "good answers")
        server.answer = lambda path, body: None
        wait_until(lambda: load.total("gateway", key="bad")["timeout"] > 20, "timeouts")
        sent, _, bad, unsent = ended(load)
    assert set(bad) <= {"http_302", "http_404", "http_503", "timeout", "unfinished"}  # a redirect is not followed
    assert abs(bad["http_302"] - bad["http_503"]) <= 1
    assert bad["unfinished"] >= 20  # half a second's arrivals are outstanding
    assert server.requests == {"/mine": sent - unsent}
    assert unsent <= bad["unfinished"]  # the last were not connected yet


class ClosingServer(HttpServer):
    """Answers with fixed bytes, and closes the connection behind them."""

    sent = b""

    async def _request(self, path: str, tenant: str, body: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        writer.write(self.sent)
        await writer.drain()
        raise ConnectionAbortedError


@engines
@pytest.mark.parametrize(
    ("answer", "counted"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n{}", "ok"),
        (b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\n{}", "ok"),
        (b"HTTP/1.1 503 Busy\r\nConnection: close\r\n\r\nlater", "http_503"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}", "ok"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncut off", "reset"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n", "reset"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", "reset"),
        (b"HTTP/1.1 200 OK\r\nServer: cut", "reset"),
    ],
)
def test_answer_without_a_length_ends_with_its_connection(
    tmp_path: Path, engine: str, answer: bytes, counted: str
) -> None:
    server = ClosingServer()
    server.sent = answer
    with server, running(declared(tmp_path), server.url, tmp_path, engine=engine) as load:
        wait_until(lambda: load.total("gateway", key="ok") + load.total("gateway", key="bad").total() > 20, "answers")
        _, ok, bad, _ = ended(load)
    kinds = set(bad) - {"unfinished"} | ({"ok"} if ok else set())
    assert kinds == {counted}


@engines
def test_refused_connections_count_as_unsent(tmp_path: Path, engine: str) -> None:
    with running(declared(tmp_path), "http://127.0.0.1:9", tmp_path, engine=engine) as load:
        wait_until(lambda: load.total("gateway", key="bad")["refused"] > 20, "refusals")
        sent, ok, _, unsent = ended(load)
    assert (ok, unsent) == (0, sent)


BROKEN = "    def {method}:\n        raise KeyError('mine')\n\n\n"


@engines
@pytest.mark.parametrize("method", ["body(self, rng)", "bad(self, answer)"])
def test_exception_in_a_scenario_is_a_bad_arrival_and_the_tenth_ends_the_load(
    tmp_path: Path, engine: str, method: str
) -> None:
    text = DECLARED.replace("MineUser", f"{BROKEN.format(method=method)}MineUser", 1)
    line = text.splitlines().index("        raise KeyError('mine')") + 1
    with HttpServer() as server, running(declared(tmp_path, text), server.url, tmp_path, engine=engine) as load:
        assert load.process.wait(LIMIT_S) == 2
        wait_until(lambda: load.total("gateway", key="bad") == {"scenario_error": 10}, "the counts")
        said = load.stderr.read_text()
        named = re.findall(rf"mine.py:{line}: KeyError: 'mine' \(at arrival (\d+), \w+ /?mine\); it counts", said)
        assert len(set(named)) == len(named) == 10
        assert "the scenario's own code failed 10 times" in said.splitlines()[-1]
        assert f"mine.py:{line}" in said.splitlines()[-1]
        assert load.total("gateway", key="ok") == 0


@engines
@pytest.mark.parametrize("result", ["'text'", "7", "None"])
def test_unusable_result_of_a_scenario_is_an_error_of_the_scenario(tmp_path: Path, engine: str, result: str) -> None:
    text = DECLARED.replace("b'{\"n\": %d}' % rng.randint(0, 9)", result)
    with HttpServer() as server, running(declared(tmp_path, text), server.url, tmp_path, engine=engine) as load:
        assert load.process.wait(LIMIT_S) == 2
        wait_until(lambda: load.total("gateway", key="bad") == {"scenario_error": 10}, "the counts")
        assert "mine.py: TypeError: " in load.stderr.read_text()
        assert not server.requests


@engines
def test_load_goes_on_after_an_exception_in_a_scenario(tmp_path: Path, engine: str) -> None:
    text = DECLARED.replace("rng.randint(0, 9)", "(1 / 0 if (n := next(numbers)) % 10 == 4 and n < 30 else n)")
    text = text.replace("\n\nclass Mine", "\nimport itertools\nnumbers = itertools.count(1)\n\nclass Mine")
    with HttpServer() as server, running(declared(tmp_path, text), server.url, tmp_path, engine=engine) as load:
        wait_until(lambda: load.total("gateway", key="ok") > 100, "good answers")
        sent, _, bad, _ = ended(load)
    assert bad["scenario_error"] == 3
    said = load.stderr.read_text()
    assert [number for number in range(50) if f"ZeroDivisionError: division by zero (at arrival {number}," in said] == [
        4, 14, 24,
    ]  # fmt: skip
    assert server.requests["/mine"] <= sent - 3


@engines
@pytest.mark.parametrize(
    ("method", "series"),
    [("path(self, rng)", "connects"), ("message(self, number)", "messages"), ("read(self, text, state)", "messages")],
)
def test_exception_in_a_websocket_scenario_is_a_bad_arrival(
    tmp_path: Path, engine: str, method: str, series: str
) -> None:
    text = ECHO.replace("EchoUser", f"{BROKEN.format(method=method)}EchoUser", 1)
    line = text.splitlines().index("        raise KeyError('mine')") + 1
    with RealtimeServer(interval_s=1, echo=True) as server, running(
        declared(tmp_path, text), server.url, tmp_path, engine=engine
    ) as load:  # fmt: skip
        assert load.process.wait(LIMIT_S) == 2
        wait_until(lambda: load.total(series, key="bad")["scenario_error"] == 10, "the counts")
        assert load.stderr.read_text().count(f"mine.py:{line}: KeyError: 'mine' (at ") == 11  # the last line has it too


def test_run_by_hand_counts_exceptions_in_a_scenario_and_ends_with_2(tmp_path: Path) -> None:
    text = DECLARED.replace("MineUser", f"{BROKEN.format(method='body(self, rng)')}MineUser", 1)
    with HttpServer() as server:
        done = subprocess.run(
            [sys.executable, "-m", "scenarios.worker", declared(tmp_path, text), "--host", server.url, "-t", "15s"],
            cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert "10 scenario_error (scenario_error mine)" in done.stdout
    assert "the scenario's own code failed 10 times" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "message"), [("a = 1\nb = 1 / 0\n", "mine.py:2: the scenario"), ("a = (\n", "mine.py:1: the scenario")]
)
def test_scenario_that_cannot_be_loaded_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(declared(tmp_path, text), cwd=tmp_path)


@engines
def test_connections_are_reused_for_two_seconds(tmp_path: Path, engine: str) -> None:
    with HttpServer() as server, running(declared(tmp_path), server.url, tmp_path, engine=engine, rate=50) as load:
        wait_until(lambda: load.total("gateway", key="ok") > 230, "more than four seconds of answers")
        ended(load)
    assert 3 <= server.connections < 40
    assert server.most_requests < 150, "a connection takes the arrivals of two seconds, not of all"


@engines
def test_https_needs_a_trusted_certificate(tmp_path: Path, engine: str) -> None:
    certificate = certificate_of(tmp_path)
    with HttpServer(certificate=certificate) as server:
        host = server.url.replace("http://127.0.0.1", "https://localhost")
        trusting = {"SSL_CERT_FILE": str(certificate[0])}
        with running(declared(tmp_path), host, tmp_path, engine=engine, also=trusting) as load:
            wait_until(lambda: load.total("gateway", key="ok") > 50, "answers over TLS")
            sent, _, bad, unsent = ended(load)
            assert set(bad) <= {"unfinished"}
            assert sent - unsent - bad["unfinished"] <= server.requests["/mine"] <= sent - unsent
        with running(declared(tmp_path), host, tmp_path, engine=engine) as load:
            wait_until(lambda: load.total("gateway", key="bad")["error"] > 5, "certificates that are not trusted")
            assert load.total("gateway", key="ok") == 0


ECHO = """
from scenarios import in_locust
from scenarios.generator.declare import WebSocketScenario


class Echo(WebSocketScenario):
    name, series, rate_per_s = "echo", ("connects", "messages"), 30
    hold_mean_s, message_every_s = 1.0, 0.2

    def path(self, rng):
        return "/echo"


EchoUser = in_locust(Echo)
"""


@engines
def test_each_message_of_a_websocket_client_is_an_arrival_that_ends_with_its_echo(tmp_path: Path, engine: str) -> None:
    with RealtimeServer(interval_s=1, echo=True) as server, running(
        declared(tmp_path, ECHO), server.url, tmp_path, engine=engine
    ) as load:  # fmt: skip
        wait_until(lambda: load.total("messages", key="ok") > 200, "echoes")
        wait_until(lambda: load.total("connects", key="ok") > 40, "connections that are opened again")
        assert load.finish() == 0
        messages, bad = load.total("messages"), load.total("messages", key="bad")
        assert set(bad) | set(load.total("connects", key="bad")) <= {"unfinished"}
        assert messages == load.total("messages", key="ok") + bad.total()
        assert messages - bad.total() <= server.acked <= messages


@engines
def test_wss_needs_a_trusted_certificate(tmp_path: Path, engine: str) -> None:
    certificate = certificate_of(tmp_path)
    with RealtimeServer(interval_s=1, echo=True, certificate=certificate) as server:
        host = server.url.replace("ws://127.0.0.1", "wss://localhost")
        trusting = {"SSL_CERT_FILE": str(certificate[0])}
        with running(declared(tmp_path, ECHO), host, tmp_path, engine=engine, also=trusting) as load:
            wait_until(lambda: load.total("messages", key="ok") > 100, "echoes over TLS")
            wait_until(lambda: load.total("connects", key="ok") > 40, "connections that are opened again")
            assert load.finish() == 0
            messages, bad = load.total("messages"), load.total("messages", key="bad")
            assert set(bad) | set(load.total("connects", key="bad")) <= {"unfinished"}
            assert messages - bad.total() <= server.acked <= messages
        with running(declared(tmp_path, ECHO), host, tmp_path, engine=engine) as load:
            wait_until(lambda: load.total("connects", key="bad")["error"] > 5, "certificates that are not trusted")
            assert load.total("connects", key="ok") == 0


def refused(*arguments: str, cwd: Path, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "scenarios.worker", *arguments], cwd=cwd, env={"PATH": os.environ["PATH"], **env},
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    return done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.py"], "none.py: no such file"),
        (["empty.py"], "must declare one scenario, not 0"),
        (["mine.py", "--rate", "0"], "argument --rate: it must be a number above 0"),
        (["mine.py", "--schedule", "often"], "must begin with one of poisson, constant, trace"),
        (["mine.py", "--tick-ms", "900"], "it must be from 0"),
        (
            ["mine.py", "-t", "30x"],
            "argument -t/--run-time: it must be a duration above 0, such as 30, 30s or 1h20m30s",
        ),
        (["mine.py", "-t", "30s1m"], "it must be a duration above 0"),
        (["mine.py", "-t", "1m30"], "it must be a duration above 0"),
        (["mine.py", "-t", "0s"], "it must be a duration above 0"),
        (["mine.py", "--host", "localhost"], "host 'localhost' cannot be used: give http://HOST:PORT"),
        (["mine.py", "--host", "http://no.such.host.invalid"], "cannot be used"),
    ],
)
def test_unusable_argument_is_named_in_the_message(arguments: list[str], message: str, tmp_path: Path) -> None:
    declared(tmp_path)
    (tmp_path / "empty.py").write_text("")
    assert message in refused(*arguments, cwd=tmp_path)


def test_fast_worker_does_not_import_locust() -> None:
    code = "import sys, scenarios.timeout, scenarios.ws_overload, scenarios.worker.__main__, scenarios.worker.master; "
    code += "print(sorted({'locust', 'gevent'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_tick_sends_arrivals_in_batches_and_is_in_the_first_line(tmp_path: Path) -> None:
    seen: list[float] = []

    def answer(path: str, body: dict[str, Any]) -> int:
        seen.append(time.monotonic())
        return 200

    with HttpServer(answer) as server, running(declared(tmp_path), server.url, tmp_path, rate=400, tick_ms=50) as load:
        assert load.hello["tick_ms"] == 50
        wait_until(lambda: load.total("gateway", key="ok") > 400, "answers")
        ended(load)
    gaps = sorted(later - earlier for earlier, later in pairwise(seen))
    assert gaps[-len(seen) // 40] > 10 * gaps[len(gaps) // 2]  # they arrive in batches of twenty


def test_run_without_a_stream_prints_a_summary(tmp_path: Path) -> None:
    with HttpServer() as server:
        done = subprocess.run(
            [sys.executable, "-m", "scenarios.worker", declared(tmp_path), "--host", server.url, "-t", "1.05"],
            cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
        head, row = done.stdout.splitlines()[:2]
        assert head.split() == ["count", "bad", "p50", "ms", "p95", "ms", "p99", "ms"]
        assert row.split()[:2] == ["POST", "/mine"]
        assert int(row.split()[2]) == server.requests["/mine"] > 50


def test_scenario_file_may_have_the_name_of_a_standard_module(tmp_path: Path) -> None:
    folder = tmp_path / "load"
    folder.mkdir()
    text = DECLARED.replace("from scenarios import", "import json\nfrom scenarios import", 1)
    (folder / "json.py").write_text(text.replace("b'{\"n\": %d}' % rng.randint(0, 9)", "json.dumps({'n': 1}).encode()"))
    with HttpServer() as server, running(str(folder / "json.py"), server.url, tmp_path) as load:
        wait_until(lambda: load.total("gateway", key="ok") > 20, "answers")
        ended(load)
        assert 20 < load.total("gateway", key="ok") <= server.requests["/mine"]
