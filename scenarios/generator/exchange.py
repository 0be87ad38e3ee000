"""Requests, answers, addresses and transport errors, independent of the engine."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

MAX_CONNECTION_AGE_S = 2.0
"""Maximum age of a kept-alive connection: one that is kept for ever never reaches a new replica."""

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@dataclass(slots=True)
class Request:
    """One request; `series` are the counts that include it, `name` is its row in locust (empty: the path)."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    timeout_s: float
    series: tuple[str, ...]
    name: str = field(default="")


@dataclass(slots=True)
class Answer:
    """A complete answer. A redirect is an answer too: it is not followed."""

    status: int
    body: bytes


class TransportError(Exception):
    """There was no complete answer; `kind` is a kind of bad: timeout, refused, reset or error."""

    def __init__(self, kind: str, fact: object) -> None:
        super().__init__(f"{kind}: {fact}")
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Address:
    """Address of a server, resolved once: the numeric `ip`, and `host` for the Host header and the certificate."""

    ip: str
    port: int
    host: str
    tls: bool

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        return f"{self.host}:{self.port}"


def address_of(base_url: str, schemes: tuple[str, ...]) -> Address:
    """Resolve a base URL. Raises ValueError for anything but SCHEME://HOST[:PORT] and for an unknown host."""
    try:
        url = urlsplit(base_url)
        if url.scheme not in schemes or not url.hostname or url.path not in ("", "/"):
            raise ValueError("give " + " or ".join(f"{scheme}://HOST:PORT" for scheme in schemes))
        port = url.port or PORTS[url.scheme]
        found = socket.getaddrinfo(url.hostname, port, socket.AF_INET, socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise ValueError(f"host {base_url!r} cannot be used: {error}") from error
    return Address(str(found[0][4][0]), port, url.hostname, url.scheme in ("https", "wss"))


SYNTHETIC = "synthetic.type=test"
"""W3C Baggage: the service and what it calls can tell the load from its users."""


def encode(request: Request, authority: str) -> bytes:
    """Return the bytes of a request. A body is JSON unless the headers have a Content-Type."""
    head = f"{request.method} {request.path} HTTP/1.1\r\nHost: {authority}\r\n"
    head += "" if any(name.lower() == "baggage" for name in request.headers) else f"Baggage: {SYNTHETIC}\r\n"
    for name, value in request.headers.items():
        head += f"{name}: {value}\r\n"
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        typed = any(name.lower() == "content-type" for name in request.headers)
        head += "" if typed else "Content-Type: application/json\r\n"
        head += f"Content-Length: {len(request.body)}\r\n"
    return f"{head}\r\n".encode() + request.body


def kind_of(error: OSError) -> str:
    """Return the kind of bad of a socket error: refused, reset, timeout or error."""
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return "reset"
    return "timeout" if isinstance(error, TimeoutError) else "error"
