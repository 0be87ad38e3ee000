"""Interface of an engine: timers, file watches, connections."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Protocol

from scenarios.generator.exchange import Address
from scenarios.generator.statistics import Key


class Cancel(Protocol):
    """A timer or watch that can be cancelled."""

    def cancel(self) -> object:
        """Cancel it; its callback is not called any more."""


class Transport(Protocol):
    """An open connection, as in asyncio's Transport."""

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


class ConnectionListener(Protocol):
    """Callbacks of a connection, as in asyncio's Protocol."""

    def connection_made(self, transport: Transport) -> None:
        """The connection is open."""

    def data_received(self, data: bytes) -> None:
        """Bytes have arrived."""

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is closed, by either side; called once."""


class Engine(Protocol):
    """The event loop that drives the traffic."""

    def call_later(self, delay_s: float, call: Callable[..., object], *words: object) -> Cancel:
        """Call once, after a delay."""

    def watch(self, fd: int, call: Callable[[], object]) -> Cancel:
        """Calls whenever `fd` can be read."""

    def connect(
        self,
        listener: ConnectionListener,
        address: Address,
        tls: ssl.SSLContext | None,
        failed: Callable[[str], object],
    ) -> Cancel:
        """Opens a connection; where that fails, `failed` gets the kind of bad."""


class StatisticsSink(Protocol):
    """Receives what locust's statistics show."""

    def log(self, key: Key, latency_s: float, length: int, bad: Iterable[str]) -> None:
        """One arrival that ended, in the row `key`; `bad` holds its kinds of bad."""

    def late(self, late_s: float) -> None:
        """One arrival that was started late, by so much."""


def tls_context() -> ssl.SSLContext:
    """Certificates are checked; `SSL_CERT_FILE` names further ones to trust."""
    return ssl.create_default_context()
