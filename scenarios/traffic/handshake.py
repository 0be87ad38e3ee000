"""Client side of the websocket protocol without I/O, by `websockets`: its handshake and its messages."""

from __future__ import annotations

import logging

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.uri import WebSocketURI

from scenarios.generator.exchange import Address

MAX_MESSAGE_BYTES = 64 << 10

_quiet = logging.getLogger("scenarios.websocket")
_quiet.setLevel(logging.ERROR)  # a debug line for every frame would be most of the work


def client_protocol(address: Address, path: str) -> ClientProtocol:
    """Return the protocol of one connection, without compression."""
    resource, _, query = path.partition("?")
    uri = WebSocketURI(address.tls, address.host, address.port, resource, query)
    return ClientProtocol(uri, max_size=MAX_MESSAGE_BYTES, logger=_quiet)


def refusal(error: Exception) -> str:
    """Return the kind of bad of a failed handshake."""
    if isinstance(error, InvalidStatus):
        return f"http_{error.response.status_code}"
    return "error" if isinstance(error, InvalidHandshake) else "reset"


def texts(protocol: ClientProtocol) -> list[str]:
    """Return the text messages received since the last call."""
    return [
        bytes(event.data).decode()
        for event in protocol.events_received()
        if isinstance(event, Frame) and event.opcode is Opcode.TEXT
    ]
