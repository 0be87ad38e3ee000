"""Websockets without I/O, by `websockets`: a client's protocol, and what became of its handshake."""

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
    """The protocol of one connection, without compression."""
    resource, _, query = path.partition("?")
    uri = WebSocketURI(address.tls, address.host, address.port, resource, query)
    return ClientProtocol(uri, max_size=MAX_MESSAGE_BYTES, logger=_quiet)


def refusal(error: Exception) -> str:
    """The kind of bad of a handshake that failed."""
    if isinstance(error, InvalidStatus):
        return f"http_{error.response.status_code}"
    return "error" if isinstance(error, InvalidHandshake) else "reset"


def texts(protocol: ClientProtocol) -> list[str]:
    """The messages that came."""
    return [
        bytes(event.data).decode()
        for event in protocol.events_received()
        if isinstance(event, Frame) and event.opcode is Opcode.TEXT
    ]
