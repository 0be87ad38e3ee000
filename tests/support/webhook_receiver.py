"""A small HTTP server that takes notifications as Alertmanager's and PagerDuty's receivers do, or fails to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.serving import serving

HANGS = 0
"""In the place of a status: no answer until the receiver is closed."""


@dataclass
class Receiver:
    """Answers with `answers` in turn, the last one for ever; keeps the bodies of the requests."""

    answers: Sequence[int] = (200,)
    location: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Message] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)
    url: str = ""


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    """Let a receiver listen at a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.headers.append(self.headers)
            receiver.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status = receiver.answers[min(len(receiver.bodies), len(receiver.answers)) - 1]
            if status == HANGS:
                receiver.closed.wait()
                return
            self.send_response(status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            """What a client does that follows a redirect."""
            receiver.bodies.append({"method": "GET"})
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with serving(Handler) as port:
        receiver.url = f"http://127.0.0.1:{port}/hook/s3cret?token=s3cret"
        try:
            yield receiver
        finally:
            receiver.closed.set()
