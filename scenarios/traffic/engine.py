"""What the traffic needs of an engine: timers, a watch on a file, connections."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Protocol

from scenarios.generator.exchange import Address
from scenarios.generator.statistics import Key


class Cancel(Protocol):
    """Something under way."""

    def cancel(self) -> object:
        """Ends it; nothing more is heard of it."""


class Transport(Protocol):
    """An open connection, as asyncio has it."""

    def write(self, data: bytes) -> None:
        """Sends, now or as soon as the peer takes it; never blocks."""

    def close(self) -> None:
        """Closes when everything is sent."""

    def abort(self) -> None:
        """Closes at once."""

    def is_closing(self) -> bool:
        """Whether it was closed, by either side."""

    def get_extra_info(self, name: str) -> socket.socket:
        """`socket`: the socket underneath."""


class Heard(Protocol):
    """Who hears of a connection, as asyncio's Protocol does."""

    def connection_made(self, transport: Transport) -> None:
        """It is open."""

    def data_received(self, data: bytes) -> None:
        """Some bytes came."""

    def connection_lost(self, error: Exception | None) -> None:
        """It is closed, by whoever; called once."""


class Engine(Protocol):
    """An event loop, from the inside."""

    def call_later(self, delay_s: float, call: Callable[..., object], *words: object) -> Cancel:
        """Calls once, after a while."""

    def watch(self, fd: int, call: Callable[[], object]) -> Cancel:
        """Calls whenever `fd` can be read."""

    def connect(
        self, heard: Heard, address: Address, tls: ssl.SSLContext | None, failed: Callable[[str], object]
    ) -> Cancel:
        """Opens a connection; where that fails, `failed` gets the kind of bad."""


class Books(Protocol):
    """Locust's statistics, beside the ledger."""

    def log(self, key: Key, latency_s: float, length: int, bad: Iterable[str]) -> None:
        """One arrival that ended, in the row `key`; `bad` holds its kinds of bad."""

    def late(self, late_s: float) -> None:
        """One arrival that was started late, by so much."""


def tls_context() -> ssl.SSLContext:
    """Certificates are checked; `SSL_CERT_FILE` names further ones to trust."""
    return ssl.create_default_context()
