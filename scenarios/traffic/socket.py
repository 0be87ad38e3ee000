"""One websocket connection: transport of the engine, protocol of `websockets`."""

from __future__ import annotations

from typing import Protocol

from websockets.frames import CloseCode
from websockets.protocol import CONNECTING, OPEN

from scenarios.generator.exchange import Address

from .engine import Transport
from .handshake import client_protocol, refusal, texts


class Owner(Protocol):
    """Callbacks of the connection's owner."""

    def upgrade_sent(self) -> None:
        """The request to upgrade was sent."""

    def opened(self) -> None:
        """The handshake succeeded."""

    def lost(self, kind: str) -> None:
        """The handshake failed, or the connection was lost."""

    def received(self, text: str) -> None:
        """A text message was received."""


class Socket:
    """One connection from the handshake to its end; calls its owner back until the owner closes it."""

    __slots__ = ("_owner", "_protocol", "_transport")

    def __init__(self, owner: Owner, address: Address, path: str) -> None:
        self._owner: Owner | None = owner
        self._protocol = client_protocol(address, path)
        self._transport: Transport | None = None

    def send(self, text: str) -> None:
        """Send nothing after the server's close frame."""
        if self._protocol.state is OPEN:
            self._protocol.send_text(text.encode())
            self._flush()

    def close(self) -> None:
        """Send a close frame if the connection is open, and close it; the owner gets no more callbacks."""
        self._owner = None
        if self._transport is None:
            return
        if self._protocol.state is OPEN:
            self._protocol.send_close(CloseCode.GOING_AWAY)
            self._flush()
            self._transport.close()
        else:
            self._transport.abort()

    def connection_made(self, transport: Transport) -> None:
        """Send the request to upgrade."""
        self._transport = transport
        if self._owner is None:
            self._transport.abort()
            return
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        self._owner.upgrade_sent()

    def data_received(self, data: bytes) -> None:
        """Process bytes of the handshake or of frames."""
        in_handshake = self._protocol.state is CONNECTING
        self._protocol.receive_data(data)
        self._flush()
        if in_handshake and self._owner:
            if self._protocol.handshake_exc is not None:
                self._owner.lost(refusal(self._protocol.handshake_exc))
            elif self._protocol.state is not CONNECTING:
                self._owner.opened()
        for text in texts(self._protocol):
            if self._owner:
                self._owner.received(text)

    def connection_lost(self, error: Exception | None) -> None:
        """Report the lost connection to the owner."""
        if self._owner:
            self._owner.lost("reset")

    def _flush(self) -> None:
        if self._transport:
            for data in self._protocol.data_to_send():
                if data:
                    self._transport.write(data)
