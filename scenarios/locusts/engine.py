"""Engine of the traffic on gevent: one greenlet reads each connection, and senders write to it directly."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import gevent
import gevent.socket
import gevent.ssl

from scenarios.generator.exchange import Address, kind_of
from scenarios.traffic.engine import Cancel, ConnectionListener

READ_BYTES = 64 << 10


@dataclass(frozen=True)
class GeventEngine:
    """Engine on gevent; `broken` is called with the exception of a failed callback."""

    broken: Callable[[BaseException], object]

    def call_later(self, delay_s: float, call: Callable[..., object], *arguments: object) -> Cancel:
        """Call once, after a delay."""
        return Task(gevent.spawn_later(max(0.0, delay_s), self._guarded, call, *arguments))

    def watch(self, fd: int, call: Callable[[], object]) -> Cancel:
        """Call whenever `fd` is readable."""
        return Task(gevent.spawn(self._guarded, _watching, fd, call))

    def connect(
        self,
        listener: ConnectionListener,
        address: Address,
        tls: ssl.SSLContext | None,
        failed: Callable[[str], object],
    ) -> Cancel:
        """Open a connection; on failure call `failed` with the kind of bad."""
        opening = Task(gevent.Greenlet(self._guarded, _connection, listener, address, tls, failed))
        opening.greenlet.start()
        return opening

    def _guarded(self, call: Callable[..., object], *arguments: object) -> None:
        try:
            call(*arguments)
        except Exception as error:  # after any failed callback the generator's counts are incomplete
            self.broken(error)


@dataclass(frozen=True)
class Task:
    """A greenlet that can be cancelled."""

    greenlet: gevent.Greenlet

    def cancel(self) -> None:
        """Kill the greenlet; one that cancels itself runs to its end."""
        if self.greenlet is not gevent.getcurrent():
            self.greenlet.kill(block=False)


class Transport:
    """An open connection, as `scenarios.traffic.engine.Transport`."""

    def __init__(self, sock: gevent.socket.socket) -> None:
        self._sock, self._fd = sock, sock.fileno()
        self._waiting = bytearray()
        self._closing = False
        self._tls = isinstance(sock, gevent.ssl.SSLSocket)

    def write(self, data: bytes) -> None:
        """Send without blocking; a greenlet sends what the socket does not take at once."""
        if self._waiting:
            sent = 0
        else:
            try:
                sent = self._sock.send(data) if self._tls else os.write(self._fd, data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self.abort()
                return
        if sent < len(data):
            self._waiting += data[sent:]
            if len(self._waiting) == len(data) - sent:
                gevent.spawn(self._drain)

    def close(self) -> None:
        """Close once everything is sent."""
        self._closing = True
        if not self._waiting:
            self._sock.close()

    def abort(self) -> None:
        """Close at once."""
        self._closing = True
        self._waiting.clear()
        self._sock.close()

    def is_closing(self) -> bool:
        """Return whether the connection was closed."""
        return self._closing

    def get_extra_info(self, name: str) -> socket.socket:
        """Return the socket of the connection."""
        return self._sock  # type: ignore[no-any-return]  # gevent leaves it unannotated

    def _drain(self) -> None:
        try:
            while self._waiting:
                del self._waiting[: self._sock.send(self._waiting)]
        except OSError:
            self.abort()
        if self._closing:
            self._sock.close()


def _watching(fd: int, call: Callable[[], object]) -> None:
    hub = gevent.get_hub()
    watcher = hub.loop.io(fd, 1)
    try:
        while True:
            hub.wait(watcher)
            call()
    finally:
        watcher.close()


def _connection(
    listener: ConnectionListener, address: Address, tls: ssl.SSLContext | None, failed: Callable[[str], object]
) -> None:
    try:
        sock = _open(address, tls)
    except OSError as error:
        failed(kind_of(error))
        return
    transport, lost = Transport(sock), None
    try:
        listener.connection_made(transport)
        while data := _received(sock):
            listener.data_received(data)
    except OSError as error:  # of the socket, also where it was closed here
        lost = error
    finally:
        transport.abort()
    listener.connection_lost(lost)


def _received(sock: gevent.socket.socket) -> bytes:
    """Return received bytes, empty at the end; TLS that was closed on this side meanwhile raises ValueError: empty."""
    try:
        return sock.recv(READ_BYTES)  # type: ignore[no-any-return]  # gevent leaves it unannotated
    except ValueError:
        return b""


def _open(address: Address, tls: ssl.SSLContext | None) -> gevent.socket.socket:
    sock = gevent.socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect((address.ip, address.port))
        return tls.wrap_socket(sock, server_hostname=address.host) if tls else sock
    except BaseException:  # also a cancellation: no other code can close this socket
        with suppress(OSError):
            sock.close()
        raise
