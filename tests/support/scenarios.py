"""Support for tests of the scenarios: a scenario process with its stream, and small real servers in threads."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.support.waiting import wait_until

LIMIT_S = 20.0
TOKEN = "a token of the test"
ENGINES = {
    "worker": ("scenarios.worker",),
    "locust": ("locust", "--headless", "--skip-log", "--only-summary", "-f"),
}


def rate(times_s: Sequence[float], last: int) -> float:
    """Return the arrivals a second among the `last` ones; 0 while there are fewer. `times_s` is in order."""
    return 0.0 if len(times_s) <= last else last / (times_s[-1] - times_s[-1 - last])


class Scenario:
    """A running scenario on either engine, or on a module that is named; `lines` are the lines of its stream so far."""

    def __init__(
        self, file: str, host: str, cwd: Path, launcher: list[str] | None = None, engine: str = "worker",
        also: dict[str, str] | None = None, **env: object,
    ) -> None:  # fmt: skip
        read_fd, write_fd = os.pipe()
        self.stderr = cwd / "stderr"
        settings = {f"GAMEDAY_{name.upper()}": str(value) for name, value in env.items()}
        command = [sys.executable, "-m", *ENGINES.get(engine, (engine,)), file]
        with self.stderr.open("w") as stderr:
            self.process = subprocess.Popen(
                [*(launcher or []), *command], cwd=cwd, pass_fds=(write_fd,), stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL, stderr=stderr,
                env={"PATH": os.environ["PATH"], "GAMEDAY_HOST": host, "GAMEDAY_STREAM_FD": str(write_fd),
                     "GAMEDAY_ADMIN_PORT": "0", "GAMEDAY_ADMIN_TOKEN": TOKEN, **settings, **(also or {})},
            )  # fmt: skip
        os.close(write_fd)
        self.read_fd = read_fd
        self.lines: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        wait_until(lambda: self.lines or self.process.poll() is not None, "the first line of the stream")

    def _read(self) -> None:
        with os.fdopen(self.read_fd, "rb") as stream:
            for line in stream:
                self.lines.append(json.loads(line))

    @property
    def hello(self) -> dict[str, Any]:
        return self.lines[0]

    def total(self, series: str, since: float = 0, key: str = "sent") -> Any:
        """Return a total of a series from the epoch time `since` on; `bad`, `over` and `hist` as a Counter."""
        values = [
            delta[key] for line in list(self.lines) for delta in line.get("deltas", ())
            if delta["series"] == series and delta["at"] >= since
        ]  # fmt: skip
        return sum(map(Counter, values), Counter()) if key in ("bad", "over", "hist") else sum(values)

    def admin(self, method: str, path: str, body: object = None, token: str = TOKEN) -> tuple[int, Any]:
        """Call the admin API; return the status and the parsed body."""
        request = urllib.request.Request(
            self.hello["admin"] + path, method=method, headers={"Authorization": f"Bearer {token}"},
            data=None if body is None else json.dumps(body).encode(),
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def finish(self) -> int:
        """Send SIGTERM, read the rest of the stream, return the exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(LIMIT_S)
        self._reader.join(LIMIT_S)
        return status

    def kill(self) -> None:
        """Kill the process; close its pipes once the stream has ended."""
        self.process.kill()
        self.process.communicate()
        self._reader.join(LIMIT_S)


@contextmanager
def running(file: str, host: str, cwd: Path, **env: Any) -> Iterator[Scenario]:
    scenario = Scenario(file, host, cwd, **env)
    try:
        yield scenario
    finally:
        scenario.kill()


def certificate_of(folder: Path) -> tuple[Path, Path]:
    """Return a self-signed certificate for localhost, and its key."""
    key, certificate = folder / "key", folder / "certificate"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate]
    subprocess.run([*make, *names], check=True, capture_output=True)
    return certificate, key


class Server:
    """An asyncio server in its own thread, on a free loopback port."""

    scheme = "http"

    def __init__(self, certificate: tuple[Path, Path] | None = None) -> None:
        self.certificate = certificate
        self.loop = asyncio.new_event_loop()
        self.url = ""
        self._ready = threading.Event()
        self._done = asyncio.Event()
        self._thread = threading.Thread(target=self.loop.run_until_complete, args=(self._serve(),))

    def __enter__(self) -> Any:
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self._done.set)
        self._thread.join(10)
        self.loop.close()

    async def _serve(self) -> None:
        server = await self.listen()
        self.url = "{}://{}:{}".format(self.scheme, *server.sockets[0].getsockname())
        self._ready.set()
        await self._done.wait()
        others = asyncio.all_tasks() - {asyncio.current_task()}  # without the task in which websockets closes
        server.close()
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)  # the callbacks that close the sockets

    async def listen(self) -> Any:
        raise NotImplementedError

    def tls(self) -> ssl.SSLContext | None:
        if self.certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate)
        return context


class HttpServer(Server):
    """Answers with the status of `answer(path, body)` (None: never); `freeze` stops the whole server for a while."""

    def __init__(
        self,
        answer: Callable[[str, dict[str, Any]], int | None] = lambda path, body: 200,
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        super().__init__(certificate)
        self.answer = answer
        self.connections = 0
        self.most_requests = 0
        """Number of requests on the connection that had most of them."""
        self.requests: Counter[str] = Counter()
        self.tenants: set[str] = set()

    async def listen(self) -> Any:
        return await asyncio.start_server(self._connection, "127.0.0.1", 0, backlog=1000, ssl=self.tls())

    def freeze(self, seconds: float) -> None:
        self.loop.call_soon_threadsafe(time.sleep, seconds)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        count = 0
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                lines = (line.split(": ", 1) for line in head.split("\r\n")[1:-2])
                fields = {name.title(): value for name, value in lines}
                body = json.loads(await reader.readexactly(int(fields["Content-Length"])))
                count += 1
                self.most_requests = max(self.most_requests, count)
                await self._request(head.split(" ")[1], fields["X-Tenant"], body, writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # the client or the test closed the connection
        finally:
            writer.close()

    async def hold(self, writer: asyncio.StreamWriter) -> None:
        """Keep the writer of a request without an answer; nothing here."""

    async def _request(self, path: str, tenant: str, body: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        self.requests[path] += 1
        self.tenants.add(tenant)
        status = self.answer(path, body)
        if status is None:
            await self.hold(writer)
            await self._done.wait()
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 11\r\n\r\n".encode() + b'{"ok":true}')


class RealtimeServer(Server):
    """Speak the WebSocket protocol of docs/reference/contracts.md.

    Send a message every `interval_s` seconds; leave out every `drop`-th sequence number.
    """

    scheme = "ws"

    def __init__(
        self, interval_s: float, places: int = 10_000, drop: int = 1_000_000, echo: bool = False,
        certificate: tuple[Path, Path] | None = None, delay_s: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(certificate)
        self.delay_s = delay_s
        self.echo = echo
        self.interval_s, self.places, self.drop = interval_s, places, drop
        self.open = self.refused = self.sent = self.acked = self.dropped = 0
        self.slow: set[int] = set()

    async def listen(self) -> Any:
        return await serve(
            self._client, "127.0.0.1", 0, process_request=self._admit, compression=None, backlog=2000, ssl=self.tls()
        )

    async def _admit(self, connection: ServerConnection, request: Any) -> Any:
        if self.open >= self.places:
            self.refused += 1
            return connection.respond(503, "full")
        self.open += 1
        return None

    async def _client(self, connection: ServerConnection) -> None:
        seq = 0
        try:
            while self.echo:
                text = await connection.recv()
                await asyncio.sleep(self.delay_s)
                await connection.send(text)
                self.acked += 1
            while True:
                seq += 1
                if seq % self.drop == 0:
                    self.dropped += 1
                    seq += 1
                await self._message(connection, seq)
                await asyncio.sleep(self.interval_s)
        except ConnectionClosed:
            pass  # the client disconnected
        finally:
            self.open -= 1
            self.slow.discard(id(connection))

    async def _message(self, connection: ServerConnection, seq: int) -> None:
        start = time.monotonic()
        await connection.send(json.dumps({"type": "message", "seq": seq, "sent_ms": time.time() * 1e3}))
        self.sent += 1
        assert json.loads(await connection.recv()) == {"type": "ack", "seq": seq}
        self.acked += 1
        if time.monotonic() - start > 0.25:
            self.slow.add(id(connection))
