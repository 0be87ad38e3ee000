"""A small HTTP/1.1 client for gevent: one write and mostly one read a request, connections that do not grow old."""

from __future__ import annotations

import select
import socket
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import gevent
import gevent.socket
import httptools

from . import clock

Address = tuple[str, int]
MAX_CONNECTION_AGE_S = 2.0  # a kept-alive connection never sees a new replica
READ_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it is due; `series` are the counts that it belongs to."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    timeout_s: float
    series: tuple[str, ...]
    name: str = field(default="")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, completely."""

    status: int
    body: bytes


class TransportError(Exception):
    """No whole answer came; `kind` is a kind of bad: timeout, refused, reset or error."""

    def __init__(self, kind: str, fact: object) -> None:
        super().__init__(f"{kind}: {fact}")
        self.kind = kind


def address_of(base_url: str, schemes: tuple[str, ...]) -> Address:
    """The numeric address behind a base URL, looked up once. Raises ValueError for anything but scheme://HOST[:PORT]."""
    url = urlsplit(base_url)
    if url.scheme not in schemes or not url.hostname or url.path not in ("", "/"):
        raise ValueError(f"host {base_url!r} cannot be used: give {schemes[0]}://HOST:PORT")
    try:
        found = gevent.socket.getaddrinfo(url.hostname, url.port or 80, socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        raise ValueError(f"host {base_url!r} cannot be used: {error}") from error
    host, port = found[0][4]
    return str(host), int(port)


def kind_of(error: OSError) -> str:
    """The kind of bad that a socket's error is."""
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return "reset"
    return "timeout" if isinstance(error, TimeoutError) else "error"


def connect(address: Address) -> gevent.socket.socket:
    """An open connection that sends small writes at once. Raises OSError."""
    sock = gevent.socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect(address)
    except BaseException:  # a timeout of gevent too: nobody else can close it
        sock.close()
        raise
    return sock


@dataclass(slots=True)
class _Connection:
    sock: gevent.socket.socket
    born_s: float

    def usable(self) -> bool:
        """Young, and nothing to read: an idle connection that is readable was closed by the server."""
        if clock.now() - self.born_s > MAX_CONNECTION_AGE_S:
            return False
        poll = select.poll()
        poll.register(self.sock.fileno(), select.POLLIN)
        return not poll.poll(0)


class Client:
    """Sends requests to one address over as many connections as are needed at once."""

    def __init__(self, base_url: str) -> None:
        self._address = address_of(base_url, ("http",))
        self._host = "{}:{}".format(*self._address)
        self._idle: deque[_Connection] = deque()

    def send(self, request: Request) -> Answer:
        """Raises TransportError. A request is never sent twice."""
        connection = None
        try:
            with gevent.Timeout(request.timeout_s, TimeoutError(f"no answer within {request.timeout_s:g} s")):
                connection = self._checkout()
                connection.sock.sendall(self._encode(request))
                reader = _Reader()
                while not reader.complete:
                    reader.feed(connection.sock.recv(READ_BYTES))
        except OSError as error:
            raise TransportError(kind_of(error), error) from error
        except httptools.HttpParserError as error:
            raise TransportError("error", error) from error
        else:
            if reader.keep_alive:
                self._idle.append(connection)
                connection = None
            return reader.answer()
        finally:
            if connection is not None:
                connection.sock.close()

    def close(self) -> None:
        """Closes what is idle; what is in use is closed by its user."""
        while self._idle:
            self._idle.popleft().sock.close()

    def _checkout(self) -> _Connection:
        """The connection that was idle longest, so that each is looked at, or a new one."""
        while self._idle:
            connection = self._idle.popleft()
            if connection.usable():
                return connection
            connection.sock.close()
        return _Connection(connect(self._address), clock.now())

    def _encode(self, request: Request) -> bytes:
        lines = [f"{request.method} {request.path} HTTP/1.1", f"Host: {self._host}"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        lines += ["Content-Type: application/json", f"Content-Length: {len(request.body)}", "", ""]
        return "\r\n".join(lines).encode() + request.body


class _Reader:
    """Collects one answer; httptools calls the `on_…` methods."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self.complete = False
        self.keep_alive = False

    def feed(self, data: bytes) -> None:
        if not data:
            raise ConnectionResetError("the connection was closed before the whole answer came")
        self._parser.feed_data(data)

    def on_body(self, data: bytes) -> None:
        self._body.append(data)

    def on_message_complete(self) -> None:
        self.complete = True
        self.keep_alive = self._parser.should_keep_alive()

    def answer(self) -> Answer:
        return Answer(self._parser.get_status_code(), b"".join(self._body))
