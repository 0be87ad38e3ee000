"""Runs a program in the network of a pod: `pod_network.py ADDRESSES PROGRAM ARGUMENT…`.

In it localhost is the pod, as in a container, and the Services of the platform have their addresses. Nothing else can
be reached: neither other servers of this machine, such as a Redis on its localhost, nor other hosts.

ADDRESSES is a JSON list of [ADDRESS, PORT, TARGET]: connections to ADDRESS:PORT are forwarded to TARGET:PORT by a
process that stays in the network of this machine, for as long as the program runs. Where the machine forbids
namespaces, the program runs in the machine's network, unless another server would answer at the pod's localhost.

A stand-alone script, which replaces itself by the program (exec).
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
LOCALHOST = "127.0.0.1"
HIGH = 100
"""Least number of an inherited file descriptor: shell scripts use low ones."""
RESET = struct.pack("ii", 1, 0)
"""A linger time of 0 s, so that closing a connection resets it."""
Address = tuple[str, int, str]


def main(addresses: Sequence[Address], argv: list[str]) -> None:
    """Enter the network, and become the program."""
    user, group = os.getuid(), os.getgid()
    inside, outside = socket.socketpair()
    if os.fork() == 0:
        inside.close()
        forward(outside, addresses)
    outside.close()
    if ctypes.CDLL(None).unshare(CLONE_NEWUSER | CLONE_NEWNET):
        inside.close()
        refuse_strangers(addresses)
    else:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
        listen(inside, addresses)
        fcntl.fcntl(inside, fcntl.F_DUPFD, HIGH)  # the program inherits it, and its end ends the forwarding
    os.execv(argv[0], argv)  # noqa: S606  no shell is wanted


def refuse_strangers(addresses: Sequence[Address]) -> None:
    """End with an error if this machine's localhost answers at a port at which only the pod should."""
    for address, port, _ in addresses:
        with suppress(OSError), socket.create_connection((address, port), 1.0):
            if address == LOCALHOST:
                fact = f"another program listens on {LOCALHOST}:{port} of this machine, which has no network namespaces"
                sys.exit(f"error: unable to upgrade connection: {fact}; end it")


def listen(inside: socket.socket, addresses: Sequence[Address]) -> None:
    """Listen on all addresses in the new network, and pass the listening sockets on."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
    listeners = [socket.create_server((address, port)) for address, port, _ in addresses]
    socket.send_fds(inside, [b"."], [each.fileno() for each in listeners])
    for each in listeners:
        each.close()


def forward(outside: socket.socket, addresses: Sequence[Address]) -> None:
    """Forward connections until the program and all that it has started have ended. Does not return."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    _, listeners, _, _ = socket.recv_fds(outside, 1, len(addresses))
    for number, (_, port, target) in zip(listeners, addresses, strict=False):
        start(accept, socket.socket(fileno=number), (target, port))
    while outside.recv(1):
        pass
    os._exit(0)


def accept(listener: socket.socket, target: tuple[str, int]) -> None:
    """Connect each client to the target; reset one that the target refuses."""
    while True:
        client, _ = listener.accept()
        try:
            server = socket.create_connection(target)
        except OSError:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.close()
            continue
        start(copy, client, server)
        start(copy, server, client)


def copy(source: socket.socket, sink: socket.socket) -> None:
    """Copy one direction of a connection to its end."""
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def start(work: Callable[..., None], *arguments: object) -> None:
    """Run a function in a thread that ends with this process."""
    threading.Thread(target=work, args=arguments, daemon=True).start()


if __name__ == "__main__":
    main([tuple(each) for each in json.loads(sys.argv[1])], sys.argv[2:])
