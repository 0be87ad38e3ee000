"""Real pods for tests: forked by the fork server, on free loopback addresses, called over real sockets."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import queue
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

from tests.support.waiting import wait_until

T = TypeVar("T")
PORT, ADMIN_PORT, TOKEN = 8080, 9090, "a-token"
GOOD = {"model": "small", "prompt": "a short poem", "max_tokens": 16}
TENANT = {"X-Tenant": "acme"}


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def json(self) -> dict:  # type: ignore[type-arg]
        return json.loads(self.text)


def ask(
    ip: str, path: str, body: object = None, headers: Mapping[str, str] = TENANT, method: str = "", port: int = PORT
) -> Answer:
    """Send one request on a connection of its own; return the answer."""
    connection = http.client.HTTPConnection(ip, port, timeout=20)
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    try:
        connection.request(method or ("GET" if body is None else "POST"), path, data, dict(headers))
        response = connection.getresponse()
        return Answer(response.status, response.read().decode(), dict(response.getheaders()))
    finally:
        connection.close()


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Make all calls concurrently; return their results."""
    with ThreadPoolExecutor(len(calls)) as threads:
        return [future.result() for future in [threads.submit(call) for call in calls]]


def behind(call: Callable[[], T]) -> Future[T]:
    """Start the call in a thread; return its future."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


@dataclass
class Pod:
    ip: str
    service_ip: str
    pid: int
    app: Path
    log_file: Path
    ended: Callable[[int], int | None]

    def ask(self, path: str, body: object = None, headers: Mapping[str, str] = TENANT) -> Answer:
        return ask(self.ip, path, body, headers)

    def infer(self, body: object = GOOD, **headers: str) -> Answer:
        return self.ask("/v1/infer", body, {**TENANT, **headers})

    def tool(self, name: str = "search") -> Answer:
        return self.ask(f"/v1/tools/{name}", {"arguments": {}})

    def admin(self, method: str, path: str, body: object = None, token: str = TOKEN) -> Answer:
        return ask(self.ip, path, body, {"Authorization": f"Bearer {token}"}, method, ADMIN_PORT)

    def inject(self, name: str, max_duration_s: float = 60, **parameters: object) -> str:
        answer = self.admin("POST", "/faults", {"name": name, "max_duration_s": max_duration_s, **parameters})
        assert answer.status == 201, answer
        return str(answer.json["id"])

    def serve(self, wanted: bool) -> None:
        answer = self.admin("PUT", "/serving", {"serving": wanted})
        assert answer.status == 200, answer

    def metric(self, sample: str) -> float:
        """Return the value of exactly this sample; 0 while it does not exist."""
        for line in self.ask("/metrics").text.splitlines():
            if line.startswith(sample + " "):
                return float(line.rpartition(" ")[2])
        return 0.0

    def log(self, text: str) -> list[dict]:  # type: ignore[type-arg]
        """Return the log lines whose message contains `text`."""
        lines = [json.loads(line) for line in self.log_file.read_text().splitlines()]
        return [line for line in lines if text in line["msg"]]

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def status(self) -> int:
        """Wait for the end; return the exit status."""
        wait_until(lambda: self.ended(self.pid) is not None, f"end of {self.pid}")
        status = self.ended(self.pid)
        assert status is not None
        return status


class Pods:
    """A fork server on a subnet of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.net = _free_net()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fakes.fork_server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        self._ids = itertools.count(10)
        self._answers: queue.Queue[dict[str, object]] = queue.Queue()
        self.exits: dict[int, int] = {}
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def start(self, service: str, service_ip: str = "", ready: bool = True, **env: str) -> Pod:
        """One pod, ready to answer on its own address; it serves on its service address only after `serve(True)`."""
        number = next(self._ids)
        app = self.folder / f"{service}-{number}"
        app.mkdir()
        ip, service_ip = f"{self.net}.{number}", service_ip or f"{self.net}.{number + 100}"
        identity = {
            "POD_NAME": app.name, "POD_IP": ip, "PORT": str(PORT), "SERVICE_IP": service_ip, "APP_DIR": str(app),
            "ADMIN_PORT": str(ADMIN_PORT), "ADMIN_TOKEN": TOKEN, "PARENT_PID": str(os.getpid()),
        }  # fmt: skip
        log = self.folder / f"{app.name}.log"
        spawn = {"op": "spawn", "id": number, "service": service, "env": {**identity, **env}}
        answer = self.order({**spawn, "cwd": str(app), "log": str(log)})
        pod = Pod(ip, service_ip, int(str(answer["pid"])), app, log, self.exits.get)
        if ready:
            wait_until(lambda: pod.admin("GET", "/faults").status == 200, f"{service} answers: {log}")
        return pod

    def order(self, order: Mapping[str, object] | str) -> dict[str, object]:
        """Send one request to the fork server; return its reply."""
        assert self.process.stdin is not None
        self.process.stdin.write((order if isinstance(order, str) else json.dumps(order)) + "\n")
        self.process.stdin.flush()
        return self._answers.get(timeout=10)

    def end(self) -> int:
        """Close the fork server's stdin; return its exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        status = self.process.wait(10)
        self._reader.join(10)
        return status

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as answers:
            for line in answers:
                answer = json.loads(line)
                if "exited" in answer:
                    self.exits[answer["exited"]] = answer["status"]
                else:
                    self._answers.put(answer)


def _free_net() -> str:
    while True:
        net = f"127.{random.randint(130, 250)}.{random.randint(2, 250)}"
        with socket.socket() as probe, suppress(OSError):
            probe.bind((f"{net}.10", PORT))
            return net


@dataclass
class Upstream:
    """A scripted service: answers with `status` once the gate is open, and records its requests."""

    url: str
    status: int = 200
    asked: list[Mapping[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)


@contextmanager
def upstream() -> Iterator[Upstream]:
    """Start a scripted service; its gate is open."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            script.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            script.asked.append({key.lower(): value for key, value in self.headers.items()})
            script.gate.wait()
            with suppress(OSError):
                self.send_response(script.status)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    script = Upstream(f"http://127.0.0.1:{server.server_port}")
    script.gate.set()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield script
    finally:
        script.gate.set()
        server.shutdown()
        server.server_close()
