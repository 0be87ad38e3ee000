"""Engine of the traffic on asyncio."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from scenarios.generator.exchange import Address, kind_of
from scenarios.traffic.engine import Cancel, ConnectionListener


@dataclass(frozen=True)
class AsyncioEngine:
    """Engine on asyncio; the loop's exception handler receives the exception of a failed callback."""

    loop: asyncio.AbstractEventLoop

    def call_later(self, delay_s: float, call: Callable[..., object], *arguments: object) -> Cancel:
        """Call once, after a delay."""
        return self.loop.call_later(delay_s, call, *arguments)

    def watch(self, fd: int, call: Callable[[], object]) -> Cancel:
        """Call whenever `fd` is readable."""
        self.loop.add_reader(fd, call)
        return Watch(self.loop, fd)

    def connect(
        self,
        listener: ConnectionListener,
        address: Address,
        tls: ssl.SSLContext | None,
        failed: Callable[[str], object],
    ) -> Cancel:
        """Open a connection; on failure call `failed` with the kind of bad."""
        task = self.loop.create_task(self._connect(listener, address, tls, failed))
        task.add_done_callback(_raise_failure)
        return task

    async def _connect(
        self,
        listener: ConnectionListener,
        address: Address,
        tls: ssl.SSLContext | None,
        failed: Callable[[str], object],
    ) -> None:
        protocol = Bridge(listener)
        try:
            await self.loop.create_connection(
                lambda: protocol, address.ip, address.port, ssl=tls, server_hostname=address.host if tls else None
            )
        except OSError as error:
            failed(kind_of(error))


class Bridge(asyncio.Protocol):
    """Forward asyncio's callbacks to the listener; they are bound directly because they are called for every packet."""

    def __init__(self, listener: ConnectionListener) -> None:
        self.connection_made = listener.connection_made  # type: ignore[assignment, method-assign]
        self.data_received = listener.data_received  # type: ignore[method-assign]
        self.connection_lost = listener.connection_lost  # type: ignore[assignment, method-assign]


@dataclass(frozen=True)
class Watch:
    """A watched file descriptor."""

    loop: asyncio.AbstractEventLoop
    fd: int

    def cancel(self) -> None:
        """Stop watching."""
        self.loop.remove_reader(self.fd)


def _raise_failure(task: asyncio.Task[None]) -> None:
    """Pass an internal error to the loop's handler, which ends the process."""
    if not task.cancelled():
        task.result()
