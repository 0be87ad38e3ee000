"""Opens the connections of a confined bash and its children, which have no network of their own.

Each `connect` of theirs waits until it is answered here (seccomp_unotify(2), as in bypass4netns). If the destination is
the platform's, a socket connected to it, opened in the harness's own network, replaces the program's; errors are passed
on as they are. What a program wrote to its memory is read once, and no call is let through to the kernel, so nothing
that it changes meanwhile has an effect.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.machine.platform_state import Destination

_RECEIVE, _ANSWER, _ADD_DESCRIPTOR = 0xC050_2100, 0xC018_2101, 0x4018_2103
"""SECCOMP_IOCTL_NOTIF_RECV, _SEND and _ADDFD."""
_CALL, _REPLY, _ADDED = struct.Struct("=QIIiIQ6Q"), struct.Struct("=QqiI"), struct.Struct("=QIIII")
"""`struct seccomp_notif`, `seccomp_notif_resp` and `seccomp_notif_addfd`."""
_REPLACE = 1
_LONGEST_ADDRESS_BYTES = 128
_PROTOCOLS = (b"TCP", b"MPTCP", b"UNIX")


@dataclass(frozen=True)
class _Connect:
    """A program's call `connect(descriptor, address, length)`, which waits for its answer."""

    id: int
    thread: int
    descriptor: int
    address: int
    length: int

    def destination(self) -> Destination:
        """Return where to. Raises OSError with the error that the program gets."""
        protocol = os.getxattr(f"/proc/{self.thread}/fd/{self.descriptor}", "system.sockprotoname")
        if not protocol.startswith(_PROTOCOLS):
            raise OSError(errno.ENETUNREACH, "no network but the platform's TCP")
        memory = os.open(f"/proc/{self.thread}/mem", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return _parse(os.pread(memory, min(self.length, _LONGEST_ADDRESS_BYTES), self.address))
        finally:
            os.close(memory)

    def flags(self) -> int:
        """Return the flags of the descriptor, such as O_NONBLOCK."""
        lines = Path(f"/proc/{self.thread}/fdinfo/{self.descriptor}").read_text().splitlines()
        return next(int(line.split()[1], 8) for line in lines if line.startswith("flags:"))


def _parse(address: bytes) -> Destination:
    """Read a `struct sockaddr`. Raises OSError."""
    family = int.from_bytes(address[:2], "little") if len(address) >= 2 else -1
    if family == socket.AF_UNIX:
        return os.fsdecode(address[2:].split(b"\0")[0])  # an abstract name begins with NUL: ""
    if family == socket.AF_INET and len(address) >= 8:
        return socket.inet_ntop(family, address[4:8]), int.from_bytes(address[2:4], "big")
    if family == socket.AF_INET6 and len(address) >= 24:
        return socket.inet_ntop(family, address[8:24]), int.from_bytes(address[2:4], "big")
    raise OSError(errno.EAFNOSUPPORT, "not an address of TCP or of a unix socket")


class Connections:
    """A thread that answers the calls of one bash, until all its processes have ended or until `close`."""

    def __init__(self, listener: int, allows: Callable[[Destination], bool]) -> None:
        """`listener` belongs to this object from now on; `allows` says whether a destination is the platform's."""
        self._listener, self._allows = listener, allows
        self._pending: dict[int, tuple[_Connect, socket.socket]] = {}
        self._poll = select.poll()
        self._stop, self._stopped = os.pipe()
        for descriptor in (listener, self._stop):
            self._poll.register(descriptor, select.POLLIN)
        self._thread = threading.Thread(target=self._serve, name="connections", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer no more: a call that still comes fails. Idempotent."""
        if self._stopped >= 0:
            os.close(self._stopped)
            self._stopped = -1
            self._thread.join()

    def _serve(self) -> None:
        try:
            while self._answered():
                pass
        finally:
            os.close(self._listener)
            os.close(self._stop)
            for _, opened in self._pending.values():
                opened.close()

    def _answered(self) -> bool:
        """Wait for calls and for connections that are being opened; False at the end."""
        for descriptor, events in self._poll.poll():
            if descriptor == self._stop or (descriptor == self._listener and not events & select.POLLIN):
                return False
            if descriptor == self._listener:
                self._receive()
            else:
                self._poll.unregister(descriptor)
                call, opened = self._pending.pop(descriptor)
                self._finish(call, opened, opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        return True

    def _receive(self) -> None:
        received = bytearray(_CALL.size)
        try:
            fcntl.ioctl(self._listener, _RECEIVE, received)
        except OSError:  # the program was killed meanwhile
            return
        number, thread, _, _, _, _, descriptor, address, length, *_ = _CALL.unpack(received)
        call = _Connect(number, thread, descriptor & 0xFFFF_FFFF, address, length & 0xFFFF_FFFF)
        try:
            destination = call.destination()
            if not self._allows(destination):
                raise _unknown(destination)
            self._open(call, destination)
        except OSError as error:
            self._answer(call, error.errno or errno.EIO)

    def _open(self, call: _Connect, destination: Destination) -> None:
        waits = not call.flags() & os.O_NONBLOCK
        opened = socket.socket(_family(destination), socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        error = opened.connect_ex(destination)
        if error == errno.EINPROGRESS and _decided(opened):  # on the loopback it is at once
            error = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error == errno.EINPROGRESS and waits:
            self._pending[opened.fileno()] = call, opened
            self._poll.register(opened, select.POLLOUT)
        else:
            self._finish(call, opened, error)

    def _finish(self, call: _Connect, opened: socket.socket, error: int) -> None:
        """Give the program its socket, connected or about to be, and the result of its call."""
        with opened:
            if error in (0, errno.EINPROGRESS):
                try:
                    self._give(call, opened)
                except OSError as failed:
                    error = failed.errno or errno.EIO
            self._answer(call, error)

    def _give(self, call: _Connect, opened: socket.socket) -> None:
        flags = call.flags()
        if opened.family != socket.AF_UNIX:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as curl and kubectl set it on theirs
        opened.setblocking(not flags & os.O_NONBLOCK)
        at_exec = flags & os.O_CLOEXEC
        added = _ADDED.pack(call.id, _REPLACE, opened.fileno(), call.descriptor, at_exec)
        fcntl.ioctl(self._listener, _ADD_DESCRIPTOR, added)

    def _answer(self, call: _Connect, error: int) -> None:
        with suppress(OSError):  # the program was killed meanwhile, or a signal made it call again
            fcntl.ioctl(self._listener, _ANSWER, _REPLY.pack(call.id, 0, -error, 0))


def _decided(opening: socket.socket) -> bool:
    """Whether a connection has been opened or refused."""
    poll = select.poll()
    poll.register(opening, select.POLLOUT)
    return bool(poll.poll(0))


def _family(destination: Destination) -> socket.AddressFamily:
    if isinstance(destination, str):
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in destination[0] else socket.AF_INET


def _unknown(destination: Destination) -> OSError:
    """The error of a destination that does not exist for the program."""
    if isinstance(destination, str):
        return OSError(errno.EACCES, "not a socket of the platform")
    if destination[0].startswith("127.") or destination[0] == "::1":
        return OSError(errno.ECONNREFUSED, "not a port of the platform")
    return OSError(errno.ENETUNREACH, "not an address of the platform")
