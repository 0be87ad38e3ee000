"""The seccomp filter of a confined bash: which system calls of its programs the kernel refuses or passes on.

`connect` is passed on to the harness, which opens the connection in its own network (connections.py). Such a socket is
outside of the bash's network namespace, so whatever could turn it to another address is refused, as are kinds of
sockets that no network namespace separates (a datagram to the path of a unix socket, vsock). Source: seccomp(2).
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass

_ALLOW, _ASK, _REFUSE = 0x7FFF_0000, 0x7FC0_0000, 0x0005_0000
"""SECCOMP_RET_ALLOW, SECCOMP_RET_USER_NOTIF, and SECCOMP_RET_ERRNO, to which the number of the error is added."""
_LOAD, _AND, _RETURN, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT = 0x20, 0x54, 0x06, 0x15, 0x35, 0x45
"""Operations of classic BPF on one register of 32 bits."""
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
"""Places in `struct seccomp_data`; each argument has eight bytes, the lower half first."""
_UNIX, _INET, _INET6, _NETLINK, _STREAM = 1, 2, 10, 16, 1
"""Linux' domains and types of sockets: another system, on which this is only read, has other ones."""
_FAST_OPEN, _KIND, _FOREIGN = 0x2000_0000, 0xF, 0x4000_0000
"""MSG_FASTOPEN; the part of a socket's type without flags; the first number of the x32 system calls."""
Instruction = tuple[int, int, int, int]
"""Operation, instructions to skip if its condition holds, and if not, operand."""


@dataclass(frozen=True)
class _Numbers:
    """What differs between architectures: its name for seccomp, and numbers of system calls."""

    architecture: int
    connect: int
    listen: int
    sendto: int
    sendmsg: int
    sendmmsg: int
    socket: int
    socketpair: int
    io_uring_setup: int = 425


_MACHINES = {
    "x86_64": _Numbers(0xC000_003E, 42, 50, 44, 46, 307, 41, 53),
    "aarch64": _Numbers(0xC000_00B7, 203, 201, 206, 211, 269, 198, 199),
}


def instructions(machine: str) -> bytes:
    """Return the filter for a machine (`os.uname().machine`); empty if its system calls are not known here."""
    numbers = _MACHINES.get(machine)
    return b"".join(struct.pack("=HBBI", *each) for each in _program(numbers)) if numbers else b""


def _program(numbers: _Numbers) -> list[Instruction]:
    unknown = _refuse(errno.ENOSYS)
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 1, 0, numbers.architecture),
        unknown,  # a program of another architecture, whose system calls have other numbers
        (_LOAD, 0, 0, _NUMBER),
        (_IF_AT_LEAST, 0, 1, _FOREIGN),
        unknown,
        *_if_called(numbers.connect, [(_RETURN, 0, 0, _ASK)]),
        *_if_called(numbers.listen, [_refuse(errno.EACCES)]),
        *_if_called(numbers.io_uring_setup, [unknown]),  # its operations are not seen here
        *_if_called(numbers.sendto, _without_fast_open(3)),
        *_if_called(numbers.sendmsg, _without_fast_open(2)),
        *_if_called(numbers.sendmmsg, _without_fast_open(3)),
        *_if_called(numbers.socket, _of_known_kind()),
        *_if_called(numbers.socketpair, _of_known_kind()),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _refuse(error: int) -> Instruction:
    return _RETURN, 0, 0, _REFUSE + error


def _if_called(number: int, then: list[Instruction]) -> list[Instruction]:
    """`then` must end the program on every way: it may change the register."""
    return [(_IF_EQUAL, 0, len(then), number), *then]


def _argument(place: int) -> Instruction:
    return _LOAD, 0, 0, _ARGUMENTS + 8 * place


def _without_fast_open(flags: int) -> list[Instruction]:
    """MSG_FASTOPEN connects while it sends."""
    return [_argument(flags), (_IF_ANY_BIT, 0, 1, _FAST_OPEN), _refuse(errno.EOPNOTSUPP), (_RETURN, 0, 0, _ALLOW)]


def _of_known_kind() -> list[Instruction]:
    """IP, netlink, and unix sockets that must connect before they send."""
    return [
        _argument(0),
        (_IF_EQUAL, 7, 0, _INET),
        (_IF_EQUAL, 6, 0, _INET6),
        (_IF_EQUAL, 5, 0, _NETLINK),
        (_IF_EQUAL, 0, 3, _UNIX),
        _argument(1),
        (_AND, 0, 0, _KIND),
        (_IF_EQUAL, 1, 0, _STREAM),
        _refuse(errno.EAFNOSUPPORT),
        (_RETURN, 0, 0, _ALLOW),
    ]
