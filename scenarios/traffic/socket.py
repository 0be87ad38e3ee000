"""One websocket connection: transport of the engine, protocol of `websockets`."""

from __future__ import annotations

from typing import Protocol

from websockets.frames import CloseCode
from websockets.protocol import CONNECTING, OPEN

from scenarios.generator.declare import Message
from scenarios.generator.exchange import SYNTHETIC, Address

from .engine import Transport
from .handshake import Messages, client_protocol, refusal


class Owner(Protocol):
    """Callbacks of the connection's owner."""

    def upgrade_sent(self) -> None:
        """The request to upgrade was sent."""

    def opened(self) -> None:
        """The handshake succeeded."""

    def lost(self, kind: str) -> None:
        """The handshake failed, or the connection was lost."""

    def received(self, message: Message) -> None:
        """A message was received."""

    def unreadable(self, kind: str) -> None:
        """A message was received that cannot be read; the connection is unusable. `kind` is a kind of bad."""


class Socket:
    """One connection from the handshake to its end; calls its owner back until the owner closes it."""

    __slots__ = ("_messages", "_owner", "_protocol", "_transport")

    def __init__(self, owner: Owner, address: Address, path: str, max_message_bytes: int) -> None:
        self._owner: Owner | None = owner
        self._protocol = client_protocol(address, path, max_message_bytes)
        self._messages = Messages(self._protocol)
        self._transport: Transport | None = None

    def send(self, message: Message) -> None:
        """Send a message, bytes as a binary one; nothing after the server's close frame."""
        if self._protocol.state is not OPEN:
            return
        if isinstance(message, bytes):
            self._protocol.send_binary(message)
        else:
            self._protocol.send_text(message.encode())
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
        handshake = self._protocol.connect()
        handshake.headers["Baggage"] = SYNTHETIC
        self._protocol.send_request(handshake)
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
        self._read()

    def _read(self) -> None:
        """Pass the messages to the owner, and the failure after them."""
        failure = None
        try:
            for message in self._messages.take():
                if self._owner:
                    self._owner.received(message)
        except UnicodeDecodeError:
            self._messages.refuse()
            self._flush()
            failure = "error"
        failure = failure or self._messages.failure()
        if failure and self._owner:
            self._owner.unreadable(failure)

    def connection_lost(self, error: Exception | None) -> None:
        """Report the lost connection to the owner."""
        if self._owner:
            self._owner.lost("reset")

    def _flush(self) -> None:
        if self._transport:
            for data in self._protocol.data_to_send():
                if data:
                    self._transport.write(data)
