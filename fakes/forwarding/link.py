"""One forwarded connection: its two ends, and a pipe in each direction."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import cast

from fakes.forwarding.effects import ActiveFaults, Exchange, LinkLimits, Way
from fakes.forwarding.pipe import Pipe

AT_ONCE = struct.pack("ii", 1, 0)
"""The value of SO_LINGER with which closing a socket sends a RST."""


class Link:
    """Forwards between a client and the endpoint that `connect` finds for it, which calls `join`.

    Where no fault concerns them, the bytes that one end receives are written to the other at once (`Pipe.direct`).
    """

    def __init__(self, faults: ActiveFaults, connect: Callable[[Link], None]) -> None:
        self._faults, self._connect = faults, connect
        self.wakes = faults.wakes
        self._limits = {way: LinkLimits(faults, self, way) for way in Way}
        self.to_service = Pipe(self._limits[Way.TO_SERVICE], self.wakes, lambda: self._direction_over(self.to_service))
        self.to_client = Pipe(self._limits[Way.TO_CLIENT], self.wakes, lambda: self._direction_over(self.to_client))
        self.client, self.service = Client(self), Service(self)
        self.last: End | None = None
        """The end that has sent something last; None: neither has yet."""
        self.exchange: Exchange | None = None
        self.ended = self._connecting = False

    def opened(self) -> None:
        """The client has connected."""
        self._faults.links.add(self)
        for effect in self._faults.effects:
            effect.met(self)
        self._reach()

    def _reach(self) -> None:
        """Find an endpoint, unless what is sent would not arrive there now."""
        if not (self._connecting or self.ended or self.to_service.stuck):
            self._connecting = True
            self._connect(self)

    def join(self) -> None:
        """The endpoint has accepted: forward what has arrived meanwhile."""
        self.to_client.open(self.client.transport)
        self.to_service.open(self.service.transport)
        self._settle()

    def reconsider(self) -> None:
        """The faults have changed."""
        for limits in self._limits.values():
            limits.refresh()
        self._reach()
        for pipe in (self.to_service, self.to_client):
            pipe.reconsider()
        self._settle()

    def _settle(self) -> None:
        """Decide in which directions bytes need no more than to be written to the other end."""
        plain = not self._faults.turning and self.exchange is None and not self.ended
        for pipe in (self.to_service, self.to_client):
            pipe.direct = plain and pipe.free

    def from_client(self, data: bytes) -> None:
        """Forward bytes of the client through the faults."""
        if self.last is not self.client and self.exchange is None:
            self._begin_turn(data)
        if self.ended:
            return
        self.last = self.client
        if self.exchange is not None:
            data = self.exchange.asked(data)
        if data:
            self.to_service.take(data)
        if not self._faults.effects:  # what was held when the last one ended has passed
            self._settle()

    def _begin_turn(self, data: bytes) -> None:
        for effect in self._faults.turning:
            self.exchange = effect.turn(self, data)
            if self.exchange is not None or self.ended:
                return

    def from_service(self, data: bytes) -> None:
        """Forward bytes of the service through the faults."""
        self.last = self.service
        if self.exchange is not None:
            data = self.exchange.answered(data)
        if data:
            self.to_client.take(data)
        if not self._faults.effects:
            self._settle()

    def answer(self, data: bytes) -> None:
        """Send bytes to the client as if they were the service's."""
        self.last = self.service
        self.to_client.take(data)

    def close(self) -> None:
        """End both directions after what is held."""
        self.to_client.end()
        self.to_service.end()

    def client_ended(self) -> None:
        """The client sends nothing more. If nothing would arrive, it has most likely given up: forget it."""
        if self.to_service.stuck:
            self.reset()
        else:
            self.to_service.end()

    def _direction_over(self, pipe: Pipe) -> None:
        if self.to_client.over and self.to_service.over:
            self.client.transport.close()
            self.service.transport.close()
        elif pipe.sink is not None:
            pipe.sink.write_eof()

    def reset(self) -> None:
        """End the connection at both ends with a RST; closing would look like a normal end."""
        self.ended = True
        self._faults.links.discard(self)
        for pipe in (self.to_client, self.to_service):
            pipe.close()
        for end in (self.client, self.service):
            end.reset()

    def lost(self, error: Exception | None) -> None:
        """An end is gone: closed, or with an error, which the other end must see."""
        if self.ended:
            return
        if error is None and self.to_client.over and self.to_service.over:
            self.ended = True
            self._faults.links.discard(self)
        else:
            self.reset()


class End(asyncio.Protocol):
    """One end of a forwarded connection."""

    transport: asyncio.Transport

    def __init__(self, link: Link) -> None:
        self.link = link

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's transport does not inherit from asyncio's

    def reset(self) -> None:
        """End this end's connection, if there is one, with a RST."""
        if hasattr(self, "transport"):
            if not self.transport.is_closing():
                sock = self.transport.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.link.lost(exc)


class Client(End):
    """The client's end."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.link.to_service.source = self.transport
        self.link.opened()

    def data_received(self, data: bytes) -> None:
        link = self.link
        if link.to_service.direct:
            link.last = self
            link.service.transport.write(data)
        else:
            link.from_client(data)
        if link.wakes.waiting:
            link.wakes.catch_up()

    def eof_received(self) -> bool:
        self.link.client_ended()
        return True  # the other direction goes on

    def pause_writing(self) -> None:
        self.link.to_client.set_full(True)

    def resume_writing(self) -> None:
        self.link.to_client.set_full(False)


class Service(End):
    """The end at the service's endpoint."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.link.to_client.source = self.transport

    def data_received(self, data: bytes) -> None:
        link = self.link
        if link.to_client.direct:
            link.last = self
            link.client.transport.write(data)
        else:
            link.from_service(data)
        if link.wakes.waiting:
            link.wakes.catch_up()

    def eof_received(self) -> bool:
        self.link.to_client.end()
        return True  # the other direction goes on

    def pause_writing(self) -> None:
        self.link.to_service.set_full(True)

    def resume_writing(self) -> None:
        self.link.to_service.set_full(False)
