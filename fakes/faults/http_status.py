"""`http-status`: a share of HTTP requests gets an error instead of the service's answer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

import httptools

from fakes.faults.base import Range
from fakes.forwarding.effects import SEED, SHARE, Draw, Effect, Exchange
from fakes.forwarding.http import method

if TYPE_CHECKING:
    from fakes.forwarding.link import Link


class HttpStatus(Effect):
    """Answers a share of the requests with `status`; they do not reach the service."""

    name: ClassVar[str] = "http-status"
    parameters: ClassVar[Mapping[str, Range]] = {
        "status": Range(400, 599, whole=True, default=503),
        "share": SHARE,
        "seed": SEED,
    }

    def __init__(self, parameters: Mapping[str, float]) -> None:
        self._status, self._draw = int(parameters["status"]), Draw(parameters)

    def turn(self, link: Link, request: bytes) -> Exchange | None:
        return Refusal(link, self._status) if method(request) and self._draw.hit() else None


class Refusal:
    """Takes a request, however many pieces it comes in, and answers it. Implements Exchange."""

    def __init__(self, link: Link, status: int) -> None:
        self._link, self._status = link, status
        self._parser = httptools.HttpRequestParser(self)
        self._open = False

    def asked(self, data: bytes) -> bytes:
        try:
            with suppress(httptools.HttpParserUpgrade):  # a websocket's handshake, answered as any request
                self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._link.reset()
        if not self._open:
            self._link.exchange = None
        return b""

    def answered(self, data: bytes) -> bytes:
        return data

    def on_message_begin(self) -> None:
        self._open = True

    def on_message_complete(self) -> None:
        self._open = False
        stays = self._parser.should_keep_alive()
        self._link.answer(response(self._status, stays=stays, body=self._parser.get_method() != b"HEAD"))
        if not stays:
            self._link.close()


def response(status: int, *, stays: bool, body: bool = True) -> bytes:
    """The bytes of an HTTP response with a short text; `stays`: whether the connection does."""
    reasons = {each.value: each.phrase for each in HTTPStatus}
    line = f"{status} {reasons.get(status, 'Error')}"
    head = (
        f"HTTP/1.1 {line}\r\nContent-Type: text/plain\r\nContent-Length: {len(line) + 1}\r\n"
        f"Connection: {'keep-alive' if stays else 'close'}\r\n\r\n"
    )
    return f"{head}{line}\n".encode() if body else head.encode()
