"""Loopback: free ports, and subnets, of which each platform claims one with an address for every pod and Service."""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Collection, Iterator
from contextlib import closing

from harness.errors import MachineError

PORT = 8080
"""Port of every pod and Service (docs/reference/contracts.md)."""
CLAIM_PORT = 29127
"""UDP port whose binding reserves a subnet."""
NODE, DATABASE, FIRST_SERVICE, FIRST_POD, LAST_POD = 1, 2, 10, 40, 250
"""Last number of the addresses of a subnet, by what uses them."""


def free_port(address: str = "127.0.0.1") -> int:
    """A TCP port of an address that is free now."""
    with closing(socket.socket()) as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


class Subnet:
    """A free subnet `127.X.Y.0/24`, reserved by a bound socket until `close`; `ports` are those of its Services.

    Raises MachineError when loopback has one address only, sockets cannot share a port, or the port is taken.
    """

    def __init__(self, ports: Collection[int] = (PORT,)) -> None:
        if not hasattr(socket, "SO_REUSEPORT"):
            raise MachineError("this operating system has no SO_REUSEPORT: the platform needs Linux")
        self._claim, self.prefix = _claim(ports)
        self._free = list(range(FIRST_POD, LAST_POD))
        self.admin_port = free_port(self.address(NODE))

    def address(self, host: int) -> str:
        """The address whose last number is `host`."""
        return f"{self.prefix}.{host}"

    def reserve(self) -> str:
        """Reserve an address for a pod: the free one that was released first. Raises MachineError when none is free."""
        if not self._free:
            raise MachineError(f"all {LAST_POD - FIRST_POD} pod addresses of {self.prefix}.0/24 are in use")
        return self.address(self._free.pop(0))

    def release(self, address: str) -> None:
        """Return an address that `reserve` returned."""
        self._free.append(int(address.rpartition(".")[2]))

    def close(self) -> None:
        """Release the subnet."""
        self._claim.close()


def _claim(ports: Collection[int]) -> tuple[socket.socket, str]:
    refused = ""
    for prefix in _prefixes(200):
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind((f"{prefix}.{NODE}", CLAIM_PORT))
            for port in ports:
                with closing(socket.socket()) as probe:
                    probe.bind((f"{prefix}.{FIRST_SERVICE}", port))
            return claim, prefix
        except OSError as error:
            claim.close()
            refused = _explain(error, prefix, ports)
    raise MachineError(f"no free loopback subnet for the platform: {refused}")


def _prefixes(count: int) -> Iterator[str]:
    for _ in range(count):
        yield f"127.{random.randint(64, 250)}.{random.randint(0, 255)}"  # noqa: S311


def _explain(error: OSError, prefix: str, ports: Collection[int]) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{prefix}.{NODE} cannot be bound; loopback has one address only here (macOS?): the platform needs Linux"
    if error.errno == errno.EADDRINUSE:
        names = ", ".join(map(str, sorted(ports)))
        return f"port {names} or {CLAIM_PORT} is in use on all addresses; end what listens there (ss -lntup)"
    return str(error)
