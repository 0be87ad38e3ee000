"""One admin port in front of several workers': each gets every call, and an equal share of what is counted."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from harness.http import Answer, call

COUNTED = ("connections",)
"""Parameters that are a number of things, not a factor or a share: these are divided."""


class FanOut:
    """Listens on loopback until `close`. The worst answer of all workers is the answer."""

    def __init__(self, urls: Sequence[str], token: str) -> None:
        self._urls, self._token = urls, token
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="fan-out").start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def ask(self, method: str, path: str, body: dict[str, Any] | None, authorization: str) -> Answer:
        """Every worker in turn."""
        answers = []
        for index, url in enumerate(self._urls):
            share = None if body is None else {**body, **_shares(body, index, len(self._urls))}
            answers.append(call(method, f"{url}{path}", share, {"Authorization": authorization}))
        return max(answers, key=lambda answer: answer.status or 599)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        ask = self.ask

        class Handler(BaseHTTPRequestHandler):
            def _pass(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                answer = ask(self.command, self.path, body, self.headers.get("Authorization", ""))
                text = (answer.body or answer.error).encode()
                self.send_response(answer.status or 502)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(b"" if answer.status == 204 else text)

            do_GET = do_POST = do_DELETE = _pass

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        return Handler


def _shares(body: dict[str, Any], index: int, count: int) -> dict[str, int]:
    """Whole numbers that add up to the whole."""
    return {
        key: body[key] * (index + 1) // count - body[key] * index // count
        for key in COUNTED
        if isinstance(body.get(key), int)
    }
