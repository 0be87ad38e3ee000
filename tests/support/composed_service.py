"""A service of a compose project, for tests: `composed_service.py PORT`. It knows nothing of gameday.

`GET /env`: its variables as JSON. `/up/PATH`: the answer of UPSTREAM to a GET of PATH. `/count`: how many such requests
the folder /data has seen. `/healthz`: 200, but 503 with UNWELL set. It logs plain text.
"""

import json
import os
import signal
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COUNT = Path("/data/count")


class Handler(BaseHTTPRequestHandler):
    """Answers on one thread per connection."""

    def do_GET(self) -> None:
        """Answer a request."""
        status, text = self.answer()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def answer(self) -> tuple[int, str]:
        """The status and the text of the answer."""
        if self.path == "/env":
            return 200, json.dumps(dict(os.environ))
        if self.path.startswith("/up/"):
            with urllib.request.urlopen(os.environ["UPSTREAM"] + self.path.removeprefix("/up"), timeout=5) as answer:
                return 200, answer.read().decode()
        if self.path == "/count":
            COUNT.write_text(str(1 + int(COUNT.read_text() if COUNT.exists() else 0)))
            return 200, COUNT.read_text()
        return (503 if "UNWELL" in os.environ else 200), "well"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log to stdout, without a time."""
        sys.stdout.write(f"GET {self.path} {code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.stderr.write(f"listening on {sys.argv[1]}\n")
    ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Handler).serve_forever()
