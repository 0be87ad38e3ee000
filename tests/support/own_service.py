"""A service of a user, for tests: `own_service.py`. It knows nothing of gameday but POD_IP and PORT.

`GET /env`: its variables as JSON. `/healthz`: 200, but 503 with UNWELL set. `/metrics`: Prometheus text.
It logs plain text.
"""

import json
import os
import shlex
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SERVER = f"exec {shlex.quote(sys.executable)} -S {shlex.quote(__file__)}"
"""The command that runs it."""


class Handler(BaseHTTPRequestHandler):
    """Answers on one thread per connection."""

    def do_GET(self) -> None:
        """Answer a request."""
        texts = {"/env": json.dumps(dict(os.environ)), "/metrics": "requests_total 7\n", "/healthz": "well\n"}
        unwell = self.path == "/healthz" and "UNWELL" in os.environ
        self.send_response(503 if unwell else 200 if self.path in texts else 404)
        self.end_headers()
        self.wfile.write(texts.get(self.path, "").encode())

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log to stdout, without a time."""
        sys.stdout.write(f"GET {self.path} {code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.stderr.write(f"listening as {os.environ['POD_NAME']}\n")
    ThreadingHTTPServer((os.environ["POD_IP"], int(os.environ["PORT"])), Handler).serve_forever()
