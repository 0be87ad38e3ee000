"""A cache over HTTP: PUT /KEY stores a text for some seconds, GET /KEY returns it."""

import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LIFETIME_S = float(os.environ.get("LIFETIME_S", "3600"))
stored: dict[str, tuple[float, bytes]] = {}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        until, text = stored.get(self.path, (0.0, b""))
        self.answer(200 if until > time.monotonic() else 404, text)

    def do_PUT(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"]))
        stored[self.path] = time.monotonic() + LIFETIME_S, text
        self.answer(201, b"")

    def answer(self, status: int, text: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


ThreadingHTTPServer(("", 6400), Handler).serve_forever()
