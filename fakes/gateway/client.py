"""HTTP/1.1 client for one service, on httptools, with only what the gateway needs.

A connection never reaches a new replica, so each is used for MAX_AGE_S only, and is idle for IDLE_S at most.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpResponseParser

from fakes.settings import SettingError

MAX_AGE_S = 2.0
IDLE_S = 1.0


@dataclass(frozen=True)
class Reply:
    """A complete response."""

    status: int
    body: bytes


class Client:
    """Makes concurrent calls to one base URL, `http://HOST[:PORT][/PREFIX]`. Raises SettingError for another form."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        try:
            host, self._port = parts.hostname, parts.port or 80
        except ValueError:
            host = None
        if parts.scheme != "http" or not host:
            raise SettingError(f"{url!r} is no URL of a service: http://HOST:PORT is")
        self._host, self._prefix = host, parts.path.rstrip("/")
        self._head = f"HTTP/1.1\r\nhost: {parts.netloc}\r\ncontent-type: application/json\r\n"
        self._idle: list[_Connection] = []

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """POST and return the response. Raises OSError without a complete one. Cancelling closes the connection."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST {self._prefix}{path} {self._head}content-length: {len(body)}\r\n{lines}\r\n"
        connection = self._reusable() or await self._connect()
        reply = await connection.send(head.encode("latin-1") + body)
        if connection.usable(time.monotonic()):
            self._idle.append(connection)
        else:
            connection.close()
        return reply

    def close(self) -> None:
        """Close the idle connections."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    def _reusable(self) -> _Connection | None:
        """Return the most recently used idle connection; close the stale ones."""
        now = time.monotonic()
        usable = [connection for connection in self._idle if connection.usable(now)]
        for connection in self._idle:
            if connection not in usable:
                connection.close()
        self._idle = usable
        return usable.pop() if usable else None

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, self._host, self._port)
        return connection


class _Connection(asyncio.Protocol):
    """One call at a time. Methods without a docstring are callbacks of asyncio and of the parser."""

    def __init__(self) -> None:
        self._made_at = self._used_at = time.monotonic()
        self._transport: asyncio.Transport
        self._parser: HttpResponseParser
        self._body: list[bytes] = []
        self._answer: asyncio.Future[Reply] | None = None

    async def send(self, request: bytes) -> Reply:
        """Send a request and return the response. Raises ConnectionError without a valid one."""
        self._parser, self._body = HttpResponseParser(self), []
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._answer
        except BaseException:
            self._transport.abort()  # a late response must not be taken for the next call's
            raise

    def usable(self, now: float) -> bool:
        """Return whether another call may use it at time `now`."""
        young = now - self._made_at < MAX_AGE_S and now - self._used_at < IDLE_S
        return young and not self._transport.is_closing()

    def close(self) -> None:
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not inherit from it

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self._fail(ConnectionError(f"it does not speak HTTP ({error})"))
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or ConnectionResetError("it hung up without an answer"))

    def on_body(self, data: bytes) -> None:
        self._body.append(data)

    def on_message_complete(self) -> None:
        self._used_at = time.monotonic()
        if not self._parser.should_keep_alive():
            self._transport.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Reply(self._parser.get_status_code(), b"".join(self._body)))

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
