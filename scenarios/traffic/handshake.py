"""Client side of the websocket protocol without I/O, by `websockets`: its handshake, and messages from its frames."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus, PayloadTooBig
from websockets.frames import DATA_OPCODES, CloseCode, Frame, Opcode
from websockets.uri import WebSocketURI

from scenarios.generator.declare import Message
from scenarios.generator.exchange import Address

_quiet = logging.getLogger("scenarios.websocket")
_quiet.setLevel(logging.ERROR)  # a debug line for every frame would be most of the work


def client_protocol(address: Address, path: str, max_message_bytes: int) -> ClientProtocol:
    """Return the protocol of one connection, without compression; a longer message ends it."""
    resource, _, query = path.partition("?")
    uri = WebSocketURI(address.tls, address.host, address.port, resource, query)
    return ClientProtocol(uri, max_size=max_message_bytes, logger=_quiet)


def refusal(error: Exception) -> str:
    """Return the kind of bad of a failed handshake."""
    if isinstance(error, InvalidStatus):
        return f"http_{error.response.status_code}"
    return "error" if isinstance(error, InvalidHandshake) else "reset"


class Messages:
    """Assemble the messages of one connection, each from one frame or from several."""

    __slots__ = ("_opcode", "_parts", "_protocol")

    def __init__(self, protocol: ClientProtocol) -> None:
        self._protocol = protocol
        self._opcode = Opcode.TEXT
        self._parts: list[bytes] = []

    def take(self) -> Iterator[Message]:
        """Yield the messages completed since the last call, binary ones as bytes. Raises UnicodeDecodeError."""
        for event in self._protocol.events_received():
            if not isinstance(event, Frame) or event.opcode not in DATA_OPCODES:
                continue
            if event.opcode is not Opcode.CONT:
                self._opcode = event.opcode
            self._parts.append(bytes(event.data))
            if event.fin:
                data = b"".join(self._parts)
                self._parts.clear()
                yield data.decode() if self._opcode is Opcode.TEXT else data

    def failure(self) -> str | None:
        """Return the kind of bad of a message that breaks the protocol or is too big, None while all are valid."""
        if self._protocol.parser_exc is None:
            return None
        return "too_big" if isinstance(self._protocol.parser_exc, PayloadTooBig) else "error"

    def refuse(self) -> None:
        """Refuse a text that is not UTF-8, as the protocol demands: close the connection."""
        self._protocol.fail(CloseCode.INVALID_DATA)
