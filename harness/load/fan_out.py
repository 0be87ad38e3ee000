"""An admin port that forwards every request to several workers, with counts divided among them."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from harness.http import Answer, call

DIVIDED = ("connections",)
"""Parameters that are absolute numbers, which are divided among the workers; factors and ratios are not."""


class FanOut:
    """Listens on loopback until `close`; answers with the answer of the worker that has the highest status."""

    def __init__(self, urls: Sequence[str], token: str) -> None:
        self._urls, self._token = urls, token
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="fan-out").start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def forward(self, method: str, path: str, body: dict[str, Any] | None, authorization: str) -> Answer:
        """Send a request to every worker; returns the answer with the highest status, failed calls first."""
        answers = []
        for index, url in enumerate(self._urls):
            share = None if body is None else {**body, **_shares(body, index, len(self._urls))}
            answers.append(call(method, f"{url}{path}", share, {"Authorization": authorization}))
        return max(answers, key=lambda answer: answer.status or 599)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        forward = self.forward

        class Handler(BaseHTTPRequestHandler):
            def _pass(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                answer = forward(self.command, self.path, body, self.headers.get("Authorization", ""))
                text = (answer.body or answer.error).encode()
                self.send_response(answer.status or 502)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(b"" if answer.status == 204 else text)

            do_GET = do_POST = do_DELETE = _pass

            def log_message(self, *_: object) -> None:
                """No request log."""

        return Handler


def _shares(body: dict[str, Any], index: int, count: int) -> dict[str, int]:
    """The divided parameters of worker `index` of `count`: integers that add up to the given number."""
    return {
        key: body[key] * (index + 1) // count - body[key] * index // count
        for key in DIVIDED
        if isinstance(body.get(key), int)
    }
