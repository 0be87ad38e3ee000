"""`http-body`: a share of HTTP answers has a body without sense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import httptools

from fakes.faults.base import Range
from fakes.forwarding.effects import SEED, SHARE, Draw, Effect, Exchange
from fakes.forwarding.http import method

if TYPE_CHECKING:
    from fakes.forwarding.link import Link

FILL = b"?"
"""What every byte of such a body is: valid text, but neither JSON nor XML, nor any compressed form."""


class HttpBody(Effect):
    """Replaces every byte of the body of a share of the answers; status, headers and length stay as they are."""

    name: ClassVar[str] = "http-body"
    parameters: ClassVar[Mapping[str, Range]] = {"share": SHARE, "seed": SEED}

    def __init__(self, parameters: Mapping[str, float]) -> None:
        self._draw = Draw(parameters)

    def turn(self, link: Link, request: bytes) -> Exchange | None:
        return Garbling(link) if method(request) not in ("", "HEAD") and self._draw.hit() else None


class Garbling:
    """Passes on a request, and its answer with another body. Implements Exchange."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._parser = httptools.HttpResponseParser(self)
        self._out = bytearray()
        self._status, self._chunked = b"", False

    def asked(self, data: bytes) -> bytes:
        return data

    def answered(self, data: bytes) -> bytes:
        """Write the answer again as it arrives: the parser does not say where in `data` the body is."""
        self._out.clear()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:  # from here on it is another protocol
            self._link.exchange = None
            self._out += data[upgrade.args[0] :]
        except httptools.HttpParserError:
            self._link.exchange = None
            return data
        return bytes(self._out)

    def on_message_begin(self) -> None:
        self._chunked, self._headers = False, bytearray()

    def on_status(self, status: bytes) -> None:
        self._status = status

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers += name + b": " + value + b"\r\n"
        self._chunked = self._chunked or (name.lower() == b"transfer-encoding" and b"chunked" in value.lower())

    def on_headers_complete(self) -> None:
        parser = self._parser
        line = f"HTTP/{parser.get_http_version()} {parser.get_status_code()} ".encode() + self._status
        self._out += line + b"\r\n" + self._headers + b"\r\n"

    def on_body(self, body: bytes) -> None:
        fill = FILL * len(body)
        self._out += b"%x\r\n%s\r\n" % (len(body), fill) if self._chunked else fill

    def on_message_complete(self) -> None:
        if self._chunked:
            self._out += b"0\r\n\r\n"
        if self._parser.get_status_code() >= 200:  # an interim answer (100 Continue) comes before the answer
            self._link.exchange = None
