"""The kubectl on the operator's PATH: sends its arguments to the platform's socket and prints the answer.

A stand-alone script, run as `python -IS kubectl_shim.py SOCKET ARGUMENT…`. It imports almost nothing because it is
started for every kubectl command: `_socket` and `_json` are the C parts of `socket` and `json`, which take 20 ms.

Request: a line of JSON, then as many bytes of stdin as its field `stdin` states. Answer: frames of one byte kind (1
stdout, 2 stderr, 0 exit status as text), four bytes length, payload.
"""

from __future__ import annotations

import os
import sys
from _json import encode_basestring_ascii as quoted
from _signal import SIG_DFL, SIGINT, SIGTERM, signal  # type: ignore[import-not-found]
from _socket import AF_UNIX, SOCK_STREAM, socket

REFUSED = "The connection to the server {} was refused - did you specify the right host or port?\n"


def read_stdin(argv: list[str]) -> bytes | None:
    """All of stdin if kubectl reads it (`exec -i`, a file named `-`); None otherwise."""
    own = argv[: argv.index("--")] if "--" in argv else argv
    interactive = any(
        each == "--stdin" or (each[:1] == "-" and each[1:2] != "-" and set(each[1:]) <= {"i", "t"} and "i" in each)
        for each in own
    )
    return sys.stdin.buffer.read() if interactive or "-" in own else None


def request(argv: list[str], stdin: bytes | None) -> bytes:
    """The encoded request."""
    quoted_argv = ",".join(map(quoted, argv))
    tty = "true" if os.isatty(0) else "false"
    size = "null" if stdin is None else str(len(stdin))
    return f'{{"op":"kubectl","argv":[{quoted_argv}],"tty":{tty},"stdin":{size}}}\n'.encode() + (stdin or b"")


def read(connection: socket, size: int) -> bytes:
    """Read exactly `size` bytes. Raises ConnectionError when the connection is closed before."""
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            raise ConnectionResetError
        data += chunk
    return data


def write(descriptor: int, data: bytes) -> None:
    """Write all of `data`."""
    while data:
        data = data[os.write(descriptor, data) :]


def run(path: str, argv: list[str]) -> int:
    """Run kubectl on the platform at `path`; returns its exit status."""
    connection = socket(AF_UNIX, SOCK_STREAM)
    try:
        connection.connect(path)
        connection.sendall(request(argv, read_stdin(argv)))
        while True:
            head = read(connection, 5)
            payload = read(connection, int.from_bytes(head[1:], "big"))
            if head[0] == 0:
                return int(payload)
            write(head[0], payload)
    except BrokenPipeError:
        return 141
    except OSError:
        write(2, REFUSED.format(path).encode())
        return 1


def interrupted(number: int, argv: list[str]) -> None:
    """End as kubectl does at a signal: with 1, but `exec` and `wait --for=create` by the signal itself."""
    own = argv[: argv.index("--")] if "--" in argv else argv
    if "exec" not in own and "--for=create" not in own:
        os._exit(1)
    signal(number, SIG_DFL)
    os.kill(os.getpid(), number)


if __name__ == "__main__":
    for ending in (SIGINT, SIGTERM):
        signal(ending, lambda number, _: interrupted(number, sys.argv[2:]))
    os._exit(run(sys.argv[1], sys.argv[2:]))
