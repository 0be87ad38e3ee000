"""A websocket client for gevent: the protocol by `websockets` without I/O, one socket, no compression, no threads."""

from __future__ import annotations

import logging

import gevent
import gevent.socket
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import CONNECTING, OPEN
from websockets.uri import WebSocketURI

from .http import Address, TransportError, connect, kind_of

READ_BYTES = 2048
MAX_MESSAGE_BYTES = 64 << 10

_quiet = logging.getLogger("scenarios.websocket")
_quiet.setLevel(logging.ERROR)  # a debug line for every frame would be most of the work


class WebSocket:
    """One connection, for one greenlet."""

    def __init__(self, address: Address, path: str) -> None:
        uri = WebSocketURI(False, *address, path, "")
        self._protocol = ClientProtocol(uri, max_size=MAX_MESSAGE_BYTES, logger=_quiet)
        self._address = address
        self._sock: gevent.socket.socket | None = None

    def open(self, limit_s: float) -> None:
        """Connects and shakes hands. Raises TransportError; its kind is `http_NNN` where the server refused."""
        protocol = self._protocol
        try:
            with gevent.Timeout(limit_s, TimeoutError(f"no handshake within {limit_s:g} s")):
                self._sock = connect(self._address)
                protocol.send_request(protocol.connect())
                self._flush(self._sock)
                while protocol.state is CONNECTING and protocol.handshake_exc is None:
                    self._read(self._sock)
        except OSError as error:
            raise TransportError(kind_of(error), error) from error
        if protocol.handshake_exc is not None:
            raise TransportError(_refusal(protocol.handshake_exc), protocol.handshake_exc)

    def receive(self) -> list[str]:
        """Waits for the next messages. Raises TransportError when the connection is lost."""
        assert self._sock is not None, "open() first"
        texts = self._texts()  # what came together with the handshake
        try:
            while not texts:
                self._read(self._sock)
                texts = self._texts()
        except OSError as error:
            raise TransportError(kind_of(error), error) from error
        return texts

    def send(self, text: str) -> None:
        """Raises TransportError when the connection is lost."""
        assert self._sock is not None, "open() first"
        if self._protocol.state is not OPEN:  # the server said goodbye while this client took its time
            raise TransportError("reset", ConnectionResetError("the server closed the connection"))
        self._protocol.send_text(text.encode())
        try:
            self._flush(self._sock)
        except OSError as error:
            raise TransportError(kind_of(error), error) from error

    def close(self) -> None:
        """Says goodbye where there is somebody to say it to, and closes; safe at any time."""
        if self._sock is None:
            return
        try:
            if self._protocol.state is OPEN:
                self._protocol.send_close(CloseCode.GOING_AWAY)
                self._sock.setblocking(False)
                self._flush(self._sock)
        except OSError:
            pass  # it is gone already, or takes nothing any more: what matters is that it is closed here
        finally:
            self._sock.close()

    def _read(self, sock: gevent.socket.socket) -> None:
        data = sock.recv(READ_BYTES)
        if not data:
            raise ConnectionResetError("the server closed the connection")
        self._protocol.receive_data(data)
        self._flush(sock)

    def _flush(self, sock: gevent.socket.socket) -> None:
        for data in self._protocol.data_to_send():
            if data:
                sock.sendall(data)

    def _texts(self) -> list[str]:
        return [
            bytes(event.data).decode()
            for event in self._protocol.events_received()
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT
        ]


def _refusal(error: Exception) -> str:
    if isinstance(error, InvalidStatus):
        return f"http_{error.response.status_code}"
    return "error" if isinstance(error, InvalidHandshake) else "reset"
