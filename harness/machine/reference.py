"""The reference of a run: times a small fixed piece of work, again and again, to know how fast the machine was.

Latencies of the same code differ between machines, and between hours of one machine. A computation and round trips over
loopback, timed in the same run, follow the same causes, and none of them depends on the services.
"""

from __future__ import annotations

import hashlib
import socket
import time
from collections.abc import Callable
from statistics import median

from harness.record.events import ReferenceSampled

REPEATS = 5
"""The median of so many repeats is one sample: another thread of gameday may interrupt one of them."""
_BLOCK = bytes(range(256)) * 64
_TRIPS = 10
_MESSAGE = b"reference"


class Reference:
    """Two ends of one TCP connection on loopback, and the work that is timed. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._near = socket.create_connection(listener.getsockname())
            self._far, _ = listener.accept()
        for end in (self._near, self._far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def sample(self) -> ReferenceSampled:
        """Do the work; takes about 2 ms of processor time."""
        cpu_s = median(self._timed(_compute) for _ in range(REPEATS))
        loopback_s = median(self._timed(self._trips) for _ in range(REPEATS))
        return ReferenceSampled(cpu_ms=round(cpu_s * 1000, 4), loopback_ms=round(loopback_s * 1000, 4))

    def close(self) -> None:
        """Close the connection. Idempotent."""
        self._near.close()
        self._far.close()

    def _timed(self, work: Callable[[], None]) -> float:
        began_s = self._clock()
        work()
        return self._clock() - began_s

    def _trips(self) -> None:
        """There and back, in one thread: the other end needs no scheduler."""
        for _ in range(_TRIPS):
            self._near.sendall(_MESSAGE)
            self._far.sendall(self._far.recv(len(_MESSAGE)))
            self._near.recv(len(_MESSAGE))


def _compute() -> None:
    """Work of the interpreter, and of native code on a block that fits into the first cache."""
    total = 0
    for number in range(2_500):
        total += number * number
    hashlib.sha256(_BLOCK * 4).digest()
