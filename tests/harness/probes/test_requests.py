"""The requests of the bindings' probes, sent to real servers."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.errors import PlatformError
from harness.measures.probe import RequestProbe
from harness.probes.requests import RequestSampler
from tests.support.scenarios import RealtimeServer

POST = RequestProbe("tool calls", "web", "POST", "/tools?kind=a", {"x": 1}, {"X-Tenant": "acme"})


class _Handler(BaseHTTPRequestHandler):
    status = 200
    seen: list[tuple[str, str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).seen.append((self.path, self.headers["X-Tenant"], body))
        self.send_response(type(self).status)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


class _Services:
    """A platform as far as it is needed here: the addresses of its Services."""

    def __init__(self, **addresses: str) -> None:
        self.addresses = addresses

    def url(self, service: str) -> str:
        if service not in self.addresses:
            raise PlatformError(f"no such Service: {service}")
        return self.addresses[service]


@pytest.fixture
def handler() -> Iterator[tuple[type[_Handler], str]]:
    made = type("Handler", (_Handler,), {"seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), made) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def failure(probe: RequestProbe, **addresses: str) -> str:
    services: Any = _Services(**addresses)
    return RequestSampler(services, [probe]).failure(probe)


@pytest.mark.parametrize(("status", "why"), [(200, ""), (204, ""), (404, "HTTP 404"), (504, "HTTP 504")])
def test_request_is_sent_as_declared_and_2xx_is_good(
    handler: tuple[type[_Handler], str], status: int, why: str
) -> None:
    handler[0].status = status
    assert failure(POST, web=handler[1]) == why
    assert handler[0].seen == [("/tools?kind=a", "acme", b'{"x": 1}')]


def test_websocket_is_good_with_a_handshake() -> None:
    with RealtimeServer(interval_s=1, places=1) as server:
        url = server.url.replace("ws://", "http://")
        chat = RequestProbe("websocket connects", "chat", "websocket", "/ws")
        assert failure(chat, chat=url) == ""
        server.places = 0
        assert failure(chat, chat=url) == "HTTP 503"


def test_missing_service_and_refused_connection_are_failures() -> None:
    assert failure(POST) == "no such Service: web"
    assert failure(POST, web="http://127.0.0.1:9") == "ConnectionRefusedError"


def test_rounds_are_reported_until_it_is_stopped(handler: tuple[type[_Handler], str], tmp_path: Path) -> None:
    rounds: queue.Queue[Mapping[str, str]] = queue.Queue()
    services: Any = _Services(web=handler[1])
    sampler = RequestSampler(services, [POST])
    sampler.start(rounds.put, pytest.fail)
    assert [rounds.get(timeout=10), rounds.get(timeout=10)] == [{"tool calls": ""}] * 2
    sampler.stop()
    count = len(handler[0].seen)
    sampler.stop()
    assert len(handler[0].seen) == count
