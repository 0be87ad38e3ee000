"""The destinations to which the commands of a session may connect."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress

from harness.errors import GamedayError
from harness.machine.platform_state import Destination


class Destinations:
    """The platform's destinations at any moment, and the session's own."""

    def __init__(self, ask: Callable[[], Collection[Destination]], own: Collection[Destination] = ()) -> None:
        """`ask` returns the platform's, and may raise GamedayError. A name is resolved to its addresses."""
        self._ask, self._own = ask, frozenset(own)
        self._named: dict[tuple[str, str], None] = {}
        self._known = self._now()

    @property
    def ports(self) -> list[int]:
        """TCP ports, for a machine that can only restrict those."""
        return sorted({each[1] for each in self._known if not isinstance(each, str)})

    @property
    def hosts(self) -> str:
        """The names among the destinations as lines of a file such as /etc/hosts; "" without names."""
        lines = [f"{address} {name}\n" for address, name in self._named]
        return "".join(["127.0.0.1 localhost\n", *lines]) if lines else ""

    def allow(self, destination: Destination) -> bool:
        """Whether this is a destination of the platform, which is asked again about one that it did not have."""
        if destination not in self._known:
            with suppress(GamedayError):  # it does not answer: it has no new Service either
                self._known = self._now()
        return destination in self._known

    def _now(self) -> frozenset[Destination]:
        return self._own.union(*map(self._resolved, self._ask()))

    def _resolved(self, destination: Destination) -> Iterator[Destination]:
        if isinstance(destination, str) or _is_address(destination[0]):
            yield destination
            return
        name, port = destination
        with suppress(OSError):  # it has no address, so nothing can connect to it
            for *_, address in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM):
                self._named[str(address[0]), name] = None
                yield str(address[0]), port


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
