"""Where the load reaches a Service of a docker platform: the proxy's container only if our own proxy answers there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from harness.platforms.control_client import StateAnswer
from harness.platforms.docker.platform import DockerPlatform

PUBLISHED, TOKEN = "127.9.9.9", "secret"


class ProxyAdmin(BaseHTTPRequestHandler):
    """Answers as the admin port of a Service's proxy does: only to those who know the token."""

    def do_GET(self) -> None:
        known = self.path == "/endpoints" and self.headers["Authorization"] == f"Bearer {TOKEN}"
        self.send_response(200 if known else 403)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silence."""


@contextmanager
def admin_port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), ProxyAdmin) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


def state(port: int, token: str) -> StateAnswer:
    return {
        "deployments": [],
        "services": {"web": [{"name": "main", "port": 8080}]},
        "addresses": {"web": PUBLISHED},
        "cluster_ips": {"web": "127.0.0.1"},
        "fronts": {"web": {"admin": f"http://{PUBLISHED}:{port}", "token": token}},
        "settled": True,
    }


@pytest.mark.parametrize(("token", "host"), [(TOKEN, "127.0.0.1"), ("of another machine", PUBLISHED)])
def test_container_is_reached_where_the_proxy_knows_its_token(tmp_path: Path, token: str, host: str) -> None:
    with admin_port() as port:
        assert DockerPlatform(tmp_path).load_host(state(port, token), "web") == host


@pytest.mark.parametrize(("first", "host"), [(TOKEN, "127.0.0.1"), ("of another machine", PUBLISHED)])
def test_proxy_is_asked_once(tmp_path: Path, first: str, host: str) -> None:
    platform, later = DockerPlatform(tmp_path), {TOKEN: "of another machine"}.get(first, TOKEN)
    with admin_port() as port:
        assert [platform.load_host(state(port, token), "web") for token in (first, later)] == [host, host]


def test_published_address_is_used_where_nothing_answers(tmp_path: Path) -> None:
    with admin_port() as port:
        gone = port
    assert DockerPlatform(tmp_path).load_host(state(gone, TOKEN), "web") == PUBLISHED
