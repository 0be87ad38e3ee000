"""Runs a program that reaches only a part of the file system and of the network: `confined.py FD PROGRAM ARGUMENT…`.

A stand-alone script that restricts itself and replaces itself by the program (exec). FD is a descriptor that `handed`
returned; the rules are too long for an argument where the user's home is beside thousands of others.
Files and TCP ports are restricted by Landlock, where the kernel has it. With `network`, the program is in a network
namespace of its own, in which nothing exists, and what it connects to is decided by the harness, which answers its
system calls. The restrictions hold for every process that the program starts, also as root, which loses its
capabilities. It imports almost nothing, because it runs at the start of each session: `json`, `signal` and `typing`
take 20 ms.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import sys
from _signal import SIG_DFL, SIGPIPE, SIGXFSZ, signal  # type: ignore[import-not-found]
from _socket import SCM_RIGHTS, SOL_SOCKET, socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    class Network(TypedDict):
        """A network namespace, and who answers the connections of the programs in it."""

        filter: bytes
        """The instructions of the seccomp filter."""
        channel: int
        """Descriptor of the unix socket on which the filter's listener is sent to the harness."""
        hosts: str
        """A file that stands for /etc/hosts; "" for the machine's own."""

    class Rules(TypedDict):
        """What a program may reach: lists of paths, where a folder stands for all that is in it, and TCP ports."""

        read: list[str]
        write: list[str]
        execute: list[str]
        connect: list[int] | None
        """None: any."""
        network: Network | None
        """None: the machine's own network."""


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
NEW_MOUNTS, NEW_USER, NEW_NETWORK = 0x0002_0000, 0x1000_0000, 0x4000_0000
"""Flags of unshare(2)."""
BIND, PRIVATE_FROM_HERE = 0x1000, 0x4000 | 0x4_0000
"""Flags of mount(2)."""
SECCOMP = {"x86_64": 317, "aarch64": 277}
"""The system call, by architecture."""
SET_FILTER, NEW_LISTENER = 1, 1 << 3


def handed(rules: Rules) -> int:
    """A descriptor with the rules, for one start of this script by the same interpreter. The caller closes it."""
    descriptor = os.memfd_create("rules")
    with open(descriptor, "wb", closefd=False) as file:
        file.write(marshal.dumps({**rules}))
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def received(descriptor: int) -> Rules:
    """The rules that `handed` wrote; closes the descriptor."""
    with open(descriptor, "rb") as file:
        rules: Rules = marshal.loads(file.read())  # noqa: S302  the harness wrote it
    return rules


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


def isolate(hosts: str) -> None:
    """Move this process into a network namespace of its own, in which not even the loopback is up.

    Without the right to that it is in a user namespace too, as the same user. Raises OSError.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    wanted = NEW_NETWORK | (NEW_MOUNTS if hosts else 0)
    if libc.unshare(wanted) != 0:
        user, group = os.geteuid(), os.getegid()
        _check(libc.unshare(wanted | NEW_USER))
        for name, text in (("uid_map", f"{user} {user} 1"), ("setgroups", "deny"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w") as opened:
                opened.write(text)
    if hosts:
        _check(libc.mount(None, b"/", None, ctypes.c_ulong(PRIVATE_FROM_HERE), None))
        _check(libc.mount(hosts.encode(), b"/etc/hosts", None, ctypes.c_ulong(BIND), None))


def drop_rights() -> None:
    """Drop all capabilities at the next exec, for good. As root: setting the clock, reading other environments."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    _check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def confine(rules: Rules) -> None:
    """Restrict this process and all that it starts by Landlock, irrevocably. Raises OSError."""
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


class _Filter(ctypes.Structure):
    """`struct sock_fprog`: the number of instructions, of eight bytes each, and their place."""

    _fields_ = [("count", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def hand_over(network: Network) -> None:
    """Install the filter, and send its listener on the channel: who has it answers this process' system calls."""
    program = _Filter(len(network["filter"]) // 8, network["filter"])
    number = SECCOMP[os.uname().machine]
    listener = ctypes.CDLL(None, use_errno=True).syscall(number, SET_FILTER, NEW_LISTENER, ctypes.byref(program))
    _check(listener)
    channel = socket(fileno=network["channel"])
    channel.sendmsg([b"."], [(SOL_SOCKET, SCM_RIGHTS, listener.to_bytes(4, sys.byteorder))])
    channel.close()
    os.close(listener)


def _check(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def main(descriptor: str, program: str, *arguments: str) -> None:
    rules = received(int(descriptor))
    with open("/proc/self/environ", "rb") as given:  # Python adds LC_CTYPE where the locale is C
        if b"LC_CTYPE=" not in given.read():
            os.environ.pop("LC_CTYPE", None)
    for number in (SIGPIPE, SIGXFSZ):  # ignored by Python: a program whose reader has ended must end too
        signal(number, SIG_DFL)
    try:
        if rules["network"]:
            isolate(rules["network"]["hosts"])
        drop_rights()
        if available():
            confine(rules)
        if rules["network"]:
            hand_over(rules["network"])
    except OSError as error:
        sys.exit(error.strerror)
    os.execv(program, [program, *arguments])  # noqa: S606  it becomes the program, no shell is wanted


if __name__ == "__main__":
    main(*sys.argv[1:])
