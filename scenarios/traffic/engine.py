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
        """Send without blocking; bytes that the socket does not take at once are sent later."""

    def close(self) -> None:
        """Close once everything is sent."""

    def abort(self) -> None:
        """Close at once."""

    def is_closing(self) -> bool:
        """Return whether the connection was closed, by either side."""

    def get_extra_info(self, name: str) -> socket.socket:
        """Return the socket of the connection for `socket`, the only supported name."""


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

    def call_later(self, delay_s: float, call: Callable[..., object], *arguments: object) -> Cancel:
        """Call once, after a delay."""

    def watch(self, fd: int, call: Callable[[], object]) -> Cancel:
        """Call whenever `fd` is readable."""

    def connect(
        self,
        listener: ConnectionListener,
        address: Address,
        tls: ssl.SSLContext | None,
        failed: Callable[[str], object],
    ) -> Cancel:
        """Open a connection; on failure call `failed` with the kind of bad."""


class StatisticsSink(Protocol):
    """Receives the arrivals for locust's statistics."""

    wanted: bool
    """Whether the statistics are read; otherwise the calls may be left out."""

    def log(self, key: Key, latency_s: float, length: int, bad: Iterable[str]) -> None:
        """Record an arrival that ended, in the row `key`; `bad` contains its kinds of bad."""

    def late(self, late_s: float) -> None:
        """Record that an arrival started `late_s` seconds late."""


def tls_context() -> ssl.SSLContext:
    """Return a TLS context that checks certificates; `SSL_CERT_FILE` adds trusted ones."""
    return ssl.create_default_context()
