"""HTTP calls, each on a connection of its own; never through a proxy, and never redirected to another host."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    import socket


@dataclass(frozen=True)
class Answer:
    """Result of an HTTP call; `status` is 0, and `error` is set, when the call failed."""

    status: int
    body: str
    error: str = ""
    date: str = ""
    """When the server says that it answered: the header `Date`."""

    @property
    def healthy(self) -> bool:
        """Whether it is a good answer to a health check, as a kubelet judges it: 2xx or 3xx."""
        return 200 <= self.status < 400


def call(
    method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None, timeout_s: float = 2.0
) -> Answer:
    """Send one request, with `body` as JSON; returns failures as `Answer(0, "", "ExceptionType: message")`.

    `timeout_s` bounds each wait for the peer.
    """
    import http.client  # noqa: PLC0415  with `email` it takes 15 ms, which would delay every platform's start

    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
    sent, content = (None, {}) if body is None else (json.dumps(body), {"Content-Type": "application/json"})
    try:
        connection.request(method, _target(parts), sent, {"Connection": "close", **content, **(headers or {})})
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
        return Answer(response.status, text, date=response.getheader("Date", ""))
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, "", f"{type(error).__name__}: {error}")
    finally:
        connection.close()


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def connection_error(address: str, port: int, timeout_s: float = 2.0, closed_s: float = 0.0) -> str:
    """Return why no connection can be made, as `ExceptionType: message`; "" if one can.

    One that is closed within `closed_s` was made by a proxy only, and refused behind it.
    """
    import socket  # noqa: PLC0415  as above

    try:
        with socket.create_connection((address, port), timeout_s) as connection:
            return _closed(connection, closed_s) if closed_s else ""
    except OSError as error:
        return f"{type(error).__name__}: {error}"


def _closed(connection: socket.socket, within_s: float) -> str:
    """Return that a connection is closed within this time; "" if it is not, or its peer sends something."""
    connection.settimeout(within_s)
    try:
        return "" if connection.recv(1) else "ConnectionRefusedError: closed at once"
    except TimeoutError:
        return ""


async def call_async(
    method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None, timeout_s: float = 2.0
) -> Answer:
    """As `call`, in a thread."""
    import asyncio  # noqa: PLC0415  only the cluster's daemon needs it

    return await asyncio.to_thread(call, method, url, body, headers, timeout_s)
