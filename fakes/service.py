"""The contract of a service: what a pod needs of what runs in it."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fakes.faults.base import Fault
from fakes.log import Log
from fakes.settings import Env, Identity

BACKLOG = 2048


@dataclass(frozen=True)
class Place:
    """Where a service finds itself: everything that its factory is given."""

    me: Identity
    env: Env
    log: Log


class Listener(Protocol):
    """One open listening socket with the connections that came through it."""

    async def close(self) -> None:
        """New connections are refused, idle ones ended; busy ones finish."""
        ...

    async def drained(self) -> None:
        """Returns when the last connection has ended."""
        ...


class Service(Protocol):
    """One of the four. Its factory `build(place)` raises SettingError."""

    @property
    def faults(self) -> Sequence[Fault]: ...

    async def start(self) -> None:
        """Everything that must be there before the first request."""
        ...

    async def listen(self, sock: socket.socket) -> Listener:
        """Serve on a bound socket."""
        ...

    async def leave(self) -> None:
        """Say goodbye to those who would stay connected for ever; called after the listeners were closed."""
        ...

    async def stop(self) -> None:
        """Give back what `start` took; called after the drain."""
        ...


def bind(ip: str, port: int, *, shared: bool) -> socket.socket:
    """A bound TCP socket; a shared one has SO_REUSEPORT, so that all replicas can listen on one address."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((ip, port))
    except OSError:
        sock.close()
        raise
    return sock


def accepted(sock: socket.socket) -> list[socket.socket]:
    """The connections that wait in the kernel's queue: closing the socket would reset them."""
    waiting = []
    while True:
        try:
            waiting.append(sock.accept()[0])
        except (BlockingIOError, InterruptedError):
            return waiting
