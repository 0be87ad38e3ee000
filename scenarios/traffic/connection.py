"""HTTP/1.1 over one connection: one exchange at a time, parsed by httptools."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import httptools

from scenarios.generator import clock
from scenarios.generator.exchange import MAX_CONNECTION_AGE_S, Address, Answer, Request
from scenarios.generator.ledger import Ticket

from .engine import Cancel, Transport
from .linux import ReadableCheck

_FRAMING = (b"content-length", b"transfer-encoding")
"""The headers of which an answer has one unless it ends with the connection (RFC 9112, section 6.3)."""
_FRAMING_LENGTHS = frozenset(map(len, _FRAMING))


class Exchange:
    """One request, the `data` that is sent for it, and its outstanding answer; `done` once its outcome is known."""

    __slots__ = ("connecting", "connection", "data", "deadline_s", "done", "request", "tickets")

    def __init__(self, request: Request, data: bytes, tickets: tuple[Ticket, ...]) -> None:
        self.request, self.data, self.tickets = request, data, tickets
        self.deadline_s = 0.0
        self.done = False
        self.connection: Connection | None = None
        self.connecting: Cancel | None = None


class Owner(Protocol):
    """Receives the outcome of an exchange."""

    def answered(self, exchange: Exchange, answer: Answer) -> None:
        """The answer is complete."""

    def failed(self, exchange: Exchange, kind: str) -> None:
        """There will be no complete answer; `kind` is a kind of bad."""

    def idle(self, connection: Connection) -> None:
        """The connection may carry another exchange."""


class Connection:
    """The engine calls `connection_made`, `data_received` and `connection_lost`, httptools the `on_…` methods."""

    __slots__ = ("_body", "_exchange", "_framed", "_made", "_open_end", "_owner", "_parser", "_read_check",
                 "_transport", "address", "born_s")  # fmt: skip

    def __init__(self, owner: Owner, address: Address, made: Callable[[Connection], object]) -> None:
        self._owner, self.address, self._made = owner, address, made
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._exchange: Exchange | None = None
        self._framed = self._open_end = False

    def connection_made(self, transport: Transport) -> None:
        """Take the transport of the open connection."""
        self.born_s = clock.now()
        self._transport = transport
        self._read_check = ReadableCheck(transport.get_extra_info("socket").fileno())
        self._made(self)

    def usable(self, now_s: float) -> bool:
        """Return whether it may be reused: young, open, and not readable (an idle one is once the server closed it)."""
        return (
            now_s - self.born_s <= MAX_CONNECTION_AGE_S
            and not self._transport.is_closing()
            and not self._read_check.readable()
        )

    def send(self, exchange: Exchange) -> None:
        """Send a request; the owner receives its answer or its failure. A request is never sent twice."""
        self._exchange = exchange
        exchange.connection = self
        for ticket in exchange.tickets:
            ticket.went = True
        self._transport.write(exchange.data)

    def close(self) -> None:
        """Close at once; the owner gets no more callbacks."""
        self._exchange = None
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse a part of an answer."""
        if self._exchange is None:
            self._transport.abort()  # an answer without a request
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            raise error.__context__ or error from None  # the answer is valid; the callback failed
        except httptools.HttpParserError:
            self._fail("error")

    def connection_lost(self, error: Exception | None) -> None:
        """Complete an answer that says no length, so that it ends with the connection; fail any other as incomplete."""
        if error is None and self._open_end:
            self._complete(keep_alive=False)
        self._fail("reset")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take note of a header that says where the body ends."""
        if len(name) in _FRAMING_LENGTHS and name.lower() in _FRAMING:
            self._framed = True

    def on_headers_complete(self) -> None:
        """Complete the exchange of a HEAD: its answer has no body, whatever its length says. The connection ends."""
        self._open_end = not self._framed
        is_head = self._exchange is not None and self._exchange.request.method == "HEAD"
        if is_head and self._parser.get_status_code() >= 200:
            self._complete(keep_alive=False)

    def on_body(self, data: bytes) -> None:
        """Keep a part of the body."""
        self._body.append(data)

    def on_message_complete(self) -> None:
        """Complete the exchange, unless the status is below 200: then the answer is still to come."""
        self._framed = self._open_end = False
        if self._parser.get_status_code() >= 200:
            self._complete(self._parser.should_keep_alive())

    def _complete(self, keep_alive: bool) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is None:
            return
        answer = Answer(self._parser.get_status_code(), b"".join(self._body))
        self._body.clear()
        if keep_alive:
            self._owner.idle(self)
        else:
            self._transport.close()
        self._owner.answered(exchange, answer)

    def _fail(self, kind: str) -> None:
        exchange, self._exchange = self._exchange, None
        self._transport.abort()
        if exchange is not None:
            self._owner.failed(exchange, kind)


Bad = Mapping[str, str]
"""The kind of bad by series, for the series in which an arrival was bad."""
