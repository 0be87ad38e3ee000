"""The interface between a pod and the service that runs in it."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from fakes.faults.base import Fault
from fakes.log import Log
from fakes.settings import Env, Identity
from fakes.tracing import Tracer

BACKLOG = 2048


@dataclass(frozen=True)
class Context:
    """The arguments of a service's factory: identity, environment, log and tracer of its pod."""

    me: Identity
    env: Env
    log: Log

    @cached_property
    def tracer(self) -> Tracer:
        """Makes the spans of the pod. Raises SettingError."""
        return Tracer(self.env, self.me, self.log)


class Listener(Protocol):
    """A listening socket and the connections that it accepted."""

    async def close(self) -> None:
        """Stop listening and end idle connections; busy ones may finish."""
        ...

    async def drained(self) -> None:
        """Return when the last connection has ended."""
        ...


class Service(Protocol):
    """A service. Its module has a factory `build(context)`, which raises SettingError."""

    @property
    def faults(self) -> Sequence[Fault]: ...

    async def start(self) -> None:
        """Prepare for the first request."""
        ...

    async def listen(self, sock: socket.socket) -> Listener:
        """Serve on a bound socket. Raises OSError."""
        ...

    async def leave(self) -> None:
        """Close long-lived connections; called after the listeners were closed."""
        ...

    async def stop(self) -> None:
        """Release what `start` acquired; called after the drain."""
        ...


def bind(ip: str, port: int, *, shared: bool) -> socket.socket:
    """Return a bound TCP socket; `shared` sets SO_REUSEPORT, so that all replicas can listen on one address."""
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


def accept_pending(sock: socket.socket) -> list[socket.socket]:
    """Accept and return the connections in the kernel's queue; closing the socket would reset them."""
    waiting = []
    while True:
        try:
            waiting.append(sock.accept()[0])
        except (BlockingIOError, InterruptedError):
            return waiting
