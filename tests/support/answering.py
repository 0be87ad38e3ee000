"""A small HTTP server that answers as a test says, and keeps what it was asked: in place of a monitoring system."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit

from tests.support.serving import serving


@dataclass(frozen=True)
class Asked:
    """One request: its method, path, query parameters, `Authorization`, body as JSON, and all headers."""

    method: str
    path: str
    query: Mapping[str, str]
    authorization: str
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[Asked], tuple[int, object]]
"""The status and the body, as JSON, or as text if it is a str."""


@dataclass
class Answering:
    """A running server: its URL, and every request."""

    url: str
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def answering(answer: Answer, headers: Mapping[str, str] | None = None) -> Iterator[Answering]:
    """A server on loopback that answers every request by `answer`, with further headers, or others of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(
                self.command, parts.path, dict(parse_qsl(parts.query)), self.headers.get("Authorization", ""),
                json.loads(text) if text else None, dict(self.headers),
            )  # fmt: skip
            found.asked.append(asked)
            status, body = answer(asked)
            content = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response_only(status)
            own = {"Date": self.date_time_string(), "Content-Length": str(len(content)), **(headers or {})}
            for name, value in own.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PATCH = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as port:
        found = Answering(f"http://127.0.0.1:{port}")
        yield found
