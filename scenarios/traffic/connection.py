"""HTTP/1.1 over one connection: one exchange at a time, parsed by httptools."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import httptools

from scenarios.generator import clock
from scenarios.generator.exchange import MAX_CONNECTION_AGE_S, Address, Answer, Request
from scenarios.generator.ledger import Ticket

from .engine import Cancel, Transport
from .linux import Look


class Exchange:
    """One request on its way; `done` once its fate is known."""

    __slots__ = ("connecting", "connection", "deadline_s", "done", "request", "tickets")

    def __init__(self, request: Request, tickets: tuple[Ticket, ...]) -> None:
        self.request, self.tickets = request, tickets
        self.deadline_s = 0.0
        self.done = False
        self.connection: Connection | None = None
        self.connecting: Cancel | None = None


class Owner(Protocol):
    """Who is told what became of an exchange."""

    def answered(self, exchange: Exchange, answer: Answer) -> None:
        """A whole answer came."""

    def failed(self, exchange: Exchange, kind: str) -> None:
        """None will come."""

    def idle(self, connection: Connection) -> None:
        """The connection may carry another exchange."""


class Connection:
    """The engine calls `connection_made`, `data_received` and `connection_lost`, httptools the `on_…` methods."""

    __slots__ = ("_body", "_exchange", "_look", "_made", "_owner", "_parser", "_transport", "address",
                 "born_s")  # fmt: skip

    def __init__(self, owner: Owner, address: Address, made: Callable[[Connection], object]) -> None:
        self._owner, self.address, self._made = owner, address, made
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._exchange: Exchange | None = None

    def connection_made(self, transport: Transport) -> None:
        """The transport is there."""
        self.born_s = clock.now()
        self._transport = transport
        self._look = Look(transport.get_extra_info("socket").fileno())
        self._made(self)

    def usable(self) -> bool:
        """Young, and nothing to read: an idle connection that is readable was closed by the server."""
        return (
            clock.now() - self.born_s <= MAX_CONNECTION_AGE_S
            and not self._transport.is_closing()
            and not self._look.readable()
        )

    def send(self, exchange: Exchange, data: bytes) -> None:
        """Sends a request; its answer, or its failure, is told to the owner. It is never sent twice."""
        self._exchange = exchange
        exchange.connection = self
        for ticket in exchange.tickets:
            ticket.went = True
        self._transport.write(data)

    def close(self) -> None:
        """Ends it at once; nothing more is told."""
        self._exchange = None
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Some of an answer."""
        if self._exchange is None:
            self._transport.abort()  # nothing was asked
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            raise error.__context__ or error from None  # what failed is not the answer, but who judged it
        except httptools.HttpParserError:
            self._fail("error")

    def connection_lost(self, error: Exception | None) -> None:
        """It is closed; an answer that is not whole by now was cut off."""
        self._fail("reset")

    def on_body(self, data: bytes) -> None:
        """A part of the body."""
        self._body.append(data)

    def on_message_complete(self) -> None:
        """A whole answer; one below 200 only announces another."""
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
"""The series in which an arrival was bad, each with its kind."""
