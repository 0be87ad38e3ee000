"""Runs a program that reaches only a part of the file system and of the network: `confined.py RULES PROGRAM ARGUMENT…`.

A stand-alone script that restricts itself by Landlock and replaces itself by the program (exec). RULES is a JSON object
with the lists `read`, `write` and `execute` of paths, where a folder stands for all that is in it, and `connect` of TCP
ports. The restriction holds for every process that the program starts, also as root, which loses its capabilities.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from typing import TypedDict


class Rules(TypedDict):
    """Paths and TCP ports that a program may reach."""

    read: list[str]
    write: list[str]
    execute: list[str]
    connect: list[int] | None
    """None: any."""


CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""System calls, the same on every architecture."""
VERSION_FLAG, PATH_BENEATH, NET_PORT, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 1, 2, 24, 38
EXECUTE, READ_FILE, READ_DIR = 1 << 0, 1 << 2, 1 << 3
WRITE = sum(1 << bit for bit in (1, *range(4, 15)))
"""Write, remove, make and truncate files of every kind, and move them."""
OF_FILES = EXECUTE | READ_FILE | 1 << 1 | 1 << 14
"""The rights that a rule for a file may have."""
BIND_TCP, CONNECT_TCP = 1 << 0, 1 << 1
SIGNAL_SCOPE = 1 << 1
FIRST_WITH_FILES, FIRST_WITH_TCP, FIRST_WITH_SCOPES = 3, 4, 6
"""Versions of Landlock: truncation of files (Linux 6.2), TCP (Linux 6.7), signals to processes outside (Linux 6.12)."""


def version() -> int:
    """The kernel's version of Landlock; 0 without it, or where it is disabled."""
    if sys.platform != "linux":
        return 0
    found: int = ctypes.CDLL(None, use_errno=True).syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION_FLAG)
    return max(0, found)


def available() -> bool:
    """Whether this machine can confine a program to a part of the file system."""
    return version() >= FIRST_WITH_FILES


def restricts_tcp() -> bool:
    """Whether this machine can confine a program to some TCP ports."""
    return version() >= FIRST_WITH_TCP


def confine(rules: Rules) -> None:
    """Restrict this process and all that it starts, irrevocably. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    handled = [EXECUTE | READ_FILE | READ_DIR | WRITE]
    ports = rules["connect"] if restricts_tcp() else None
    if version() >= FIRST_WITH_TCP:
        handled.append(0 if ports is None else BIND_TCP | CONNECT_TCP)
    if version() >= FIRST_WITH_SCOPES:
        handled.append(SIGNAL_SCOPE)
    fields = (ctypes.c_uint64 * len(handled))(*handled)
    ruleset = libc.syscall(CREATE_RULESET, fields, ctypes.c_size_t(ctypes.sizeof(fields)), 0)
    _check(ruleset)
    seen = READ_FILE | READ_DIR
    for paths, rights in ((rules["read"], seen), (rules["write"], seen | WRITE), (rules["execute"], EXECUTE)):
        for path in paths:
            _allow(libc, ruleset, path, rights)
    for port in ports or ():
        rule = CONNECT_TCP.to_bytes(8, sys.byteorder) + port.to_bytes(8, sys.byteorder)
        _check(libc.syscall(ADD_RULE, ruleset, NET_PORT, rule, 0))
    for capability in range(64):  # as root: setting the clock, reading the environment of other processes
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    _check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _check(libc.syscall(RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    rights &= -1 if os.path.isdir(path) else OF_FILES
    rule = rights.to_bytes(8, sys.byteorder) + opened.to_bytes(4, sys.byteorder)
    _check(libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, rule, 0))
    os.close(opened)


def _check(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def main(rules: str, program: str, *arguments: str) -> None:
    with open("/proc/self/environ", "rb") as given:  # Python adds LC_CTYPE where the locale is C
        if b"LC_CTYPE=" not in given.read():
            os.environ.pop("LC_CTYPE", None)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # ignored by Python: a program whose reader has ended must end too
        signal.signal(number, signal.SIG_DFL)
    confine(json.loads(rules))
    os.execv(program, [program, *arguments])  # noqa: S606  it becomes the program, no shell is wanted


if __name__ == "__main__":
    main(*sys.argv[1:])
