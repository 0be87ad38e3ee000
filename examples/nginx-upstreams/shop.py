"""The upstream of the example: takes orders. It listens on POD_IP:PORT and says which release it is."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Shop(BaseHTTPRequestHandler):
    """Answers `POST /orders` and `GET /healthz`."""

    wbufsize = -1  # an answer is one packet

    def do_GET(self) -> None:
        """Answer a health check."""
        self._answer({"status": "ok"} if self.path == "/healthz" else None)

    def do_POST(self) -> None:
        """Take an order."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer({"release": os.environ["RELEASE"]} if self.path == "/orders" else None)

    def _answer(self, content: dict[str, str] | None) -> None:
        body = json.dumps(content or {"error": "no such path"}).encode()
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *_: object) -> None:
        """The edge writes the access log."""


if __name__ == "__main__":
    ThreadingHTTPServer((os.environ["POD_IP"], int(os.environ["PORT"])), Shop).serve_forever()
