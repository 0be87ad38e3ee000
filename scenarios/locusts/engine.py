"""The traffic's engine on gevent: a greenlet reads each connection; who has something to say writes."""

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
    """`broken` hears of a callback that failed."""

    broken: Callable[[BaseException], object]

    def call_later(self, delay_s: float, call: Callable[..., object], *words: object) -> Cancel:
        """Calls once, after a while."""
        return Task(gevent.spawn_later(max(0.0, delay_s), self._guarded, call, *words))

    def watch(self, fd: int, call: Callable[[], object]) -> Cancel:
        """Calls whenever `fd` can be read."""
        return Task(gevent.spawn(self._guarded, _watching, fd, call))

    def connect(
        self,
        listener: ConnectionListener,
        address: Address,
        tls: ssl.SSLContext | None,
        failed: Callable[[str], object],
    ) -> Cancel:
        """Opens a connection; where that fails, `failed` gets the kind of bad."""
        opening = Task(gevent.Greenlet(self._guarded, _connection, listener, address, tls, failed))
        opening.greenlet.start()
        return opening

    def _guarded(self, call: Callable[..., object], *words: object) -> None:
        try:
            call(*words)
        except Exception as error:  # whatever it is, the generator's numbers are worth nothing now
            self.broken(error)


@dataclass(frozen=True)
class Task:
    """A greenlet."""

    greenlet: gevent.Greenlet

    def cancel(self) -> None:
        """Ends it; one that ends itself goes on to its own end."""
        if self.greenlet is not gevent.getcurrent():
            self.greenlet.kill(block=False)


class Transport:
    """One open connection."""

    def __init__(self, sock: gevent.socket.socket) -> None:
        self._sock, self._fd = sock, sock.fileno()
        self._waiting = bytearray()
        self._closing = False
        self._tls = isinstance(sock, gevent.ssl.SSLSocket)

    def write(self, data: bytes) -> None:
        """Sends what the peer takes at once; a greenlet sends the rest."""
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
        """Closes when everything is sent."""
        self._closing = True
        if not self._waiting:
            self._sock.close()

    def abort(self) -> None:
        """Closes at once."""
        self._closing = True
        self._waiting.clear()
        self._sock.close()

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self._closing

    def get_extra_info(self, name: str) -> socket.socket:
        """The socket underneath."""
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
    """Some bytes; none at the end, also where TLS was closed here meanwhile, which is a ValueError there."""
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
    except BaseException:  # a cancellation too: only this function has the socket
        with suppress(OSError):
            sock.close()
        raise
