"""The load that a gameday.yaml defines, as the fast worker sends it to a real server."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from harness.bindings.loads import LoadRequest, LoadSpec
from harness.load.declaration import write_declaration
from tests.support.paths import SCENARIOS
from tests.support.scenarios import LIMIT_S, Scenario, Server
from tests.support.waiting import wait_until

FILE = str(SCENARIOS / "from_bindings.py")


class Recorder(Server):
    """Answers every request with its `statuses` by path (200), and keeps method, path, type and body of each."""

    def __init__(self, **statuses: int) -> None:
        super().__init__()
        self.statuses = statuses
        self.requests: list[tuple[str, str, str, bytes]] = []
        self.hang = self.reset = False
        """Whether requests get no answer, or the end of their connection."""
        self.open = 0
        """Connections."""

    async def listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._connection, "127.0.0.1", 0)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                first, *lines = head.split("\r\n")[:-2]
                fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                assert len(fields) == len(lines), "no header is sent twice"
                body = await reader.readexactly(int(fields.get("content-length", "0")))
                method, path, _ = first.split(" ")
                self.requests.append((method, path, fields.get("content-type", ""), body))
                if self.reset:
                    writer.transport.abort()
                    return
                while self.hang:
                    await asyncio.sleep(0.01)
                status = self.statuses.get(path.strip("/"), 200)
                writer.write(
                    f"HTTP/1.1 {status} X\r\nContent-Length: 5\r\n\r\n".encode() + b"hello"[: 5 * (method != "HEAD")]
                )
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # the client or the test closed the connection
        finally:
            self.open -= 1
            writer.close()


def started(spec: LoadSpec, server: Recorder, folder: Path, rate: float | None) -> Scenario:
    """The load on a server, with the settings that the harness gives it."""
    return Scenario(FILE, server.url, folder, also=write_declaration(spec, rate, folder))


def test_requests_are_drawn_by_their_shares_and_judged_by_their_status(tmp_path: Path) -> None:
    cart = LoadRequest("POST", "/cart", {"X-A": "b"}, '{"item": 1}', (201, 201), 0.25, series="cart")
    spec = LoadSpec(
        "checkout",
        (LoadRequest("GET", "/checkout", share=0.5), cart, LoadRequest("HEAD", "/", share=0.25, series="head")),
        200,
    )
    with Recorder(cart=200, checkout=204) as server:
        load = started(spec, server, tmp_path, spec.rate_per_s)
        try:
            assert (load.hello["scenario"], load.hello["series"]) == ("checkout", ["checkout", "cart", "head"])
            wait_until(lambda: load.total("checkout", key="ok") > 200, "good answers")
            assert load.finish() == 0
        finally:
            load.kill()
    sent = Counter(server.requests)
    assert set(sent) == {
        ("GET", "/checkout", "", b""), ("POST", "/cart", "application/json", b'{"item": 1}'), ("HEAD", "/", "", b""),
    }  # fmt: skip
    total, bad = load.total("checkout"), load.total("checkout", key="bad")
    assert 0.15 < load.total("cart") / total < 0.35
    assert 0.4 < sent["GET", "/checkout", "", b""] / total < 0.6
    assert bad["http_200"] == load.total("cart", key="bad")["http_200"] > 0
    assert load.total("cart", key="ok") == 0
    assert load.total("head", key="ok") >= load.total("head") - bad["unfinished"] > 0
    assert set(bad) <= {"http_200", "unfinished"}


def test_recording_is_sent_in_its_order_at_its_times_over_and_over(tmp_path: Path) -> None:
    requests = tuple(LoadRequest("GET", path, good=(200, 399)) for path in ("/a", "/b"))
    spec = LoadSpec("log", requests, None, order=(0, 0, 1), offsets_s=(0.0, 0.1, 0.2))
    settings = write_declaration(spec, None, tmp_path)
    offsets = [float(line) for line in (tmp_path / "offsets.txt").read_text(encoding="utf-8").split()]
    assert settings == {"GAMEDAY_REQUESTS": "requests.json", "GAMEDAY_SCHEDULE": "trace offsets.txt"}
    assert offsets[:5] == [0.0, 0.1, 0.2, 1.0, 1.1]
    assert 899 <= offsets[-1] < 900
    with Recorder(b=302) as server:
        load = Scenario(FILE, server.url, tmp_path, also=settings)
        try:
            wait_until(lambda: load.total("log", key="ok") >= 6, "two repetitions")
            assert load.finish() == 0
        finally:
            load.kill()
    assert [path for _, path, _, _ in server.requests[:6]] == ["/a", "/a", "/b", "/a", "/a", "/b"]
    assert not load.total("log", key="bad") - Counter(unfinished=1)


def test_recording_at_a_rate_keeps_its_order_only(tmp_path: Path) -> None:
    spec = LoadSpec("log", (LoadRequest("GET", "/a"),), None, order=(0,), offsets_s=(0.0,))
    assert write_declaration(spec, 20.0, tmp_path) == {"GAMEDAY_REQUESTS": "requests.json"}
    assert json.loads((tmp_path / "requests.json").read_text(encoding="utf-8"))["rate_per_s"] == 20.0


def test_form_has_the_type_of_its_header_only(tmp_path: Path) -> None:
    form = LoadRequest("POST", "/", {"content-type": "application/x-www-form-urlencoded"}, "a=b")
    with Recorder() as server:
        load = started(LoadSpec("form", (form,), 100), server, tmp_path, 100)
        try:
            wait_until(lambda: load.total("form", key="ok"), "a good answer")
        finally:
            load.kill()
    assert set(server.requests) == {("POST", "/", "application/x-www-form-urlencoded", b"a=b")}


@pytest.mark.parametrize(("file", "problem"), [("", "is not set"), ("x", "Expecting")])
def test_unusable_file_of_requests_is_named(tmp_path: Path, file: str, problem: str) -> None:
    (tmp_path / "x").write_text("no JSON", encoding="utf-8")
    command = [sys.executable, "-m", "scenarios.worker", FILE]
    env = {"GAMEDAY_REQUESTS": file}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 2
    assert problem in done.stderr
    assert "GAMEDAY_REQUESTS" in done.stderr
