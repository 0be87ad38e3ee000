"""A small service with a page of metrics, which a test changes while a Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from harness.machine.platform_state import ScrapeTarget
from tests.support.serving import serving


class Exporter:
    """Answers `GET /metrics` with `page`, at `address` (HOST:PORT)."""

    def __init__(self, address: str, page: str) -> None:
        self.address, self.page = address, page

    def target(self, pod: str = "web-1") -> ScrapeTarget:
        """This service as a pod of the Deployment `web`."""
        return ScrapeTarget("web", pod, self.address, "/metrics")


@contextmanager
def exporter(page: str) -> Iterator[Exporter]:
    """A running exporter with this page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = found.page.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as port:
        found = Exporter(f"127.0.0.1:{port}", page)
        yield found
