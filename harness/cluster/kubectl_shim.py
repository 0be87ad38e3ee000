"""`kubectl` on the operator's PATH: hands its words to the platform's socket, passes on what comes back.

A stand-alone script, started as `python -IS client.py SOCKET WORDS…`; it imports next to nothing because it is started
for every kubectl line. `_socket` and `_json` are the C halves of `socket` and `json`: these alone cost 20 ms.

Request: a JSON line, then as many bytes of stdin as it says. Answer: frames of one byte kind (1 stdout, 2 stderr, 0
exit status as text), four bytes length, payload.
"""

from __future__ import annotations

import os
import sys
from _json import encode_basestring_ascii as quoted
from _signal import SIGINT, SIGTERM, signal  # type: ignore[import-not-found]
from _socket import AF_UNIX, SOCK_STREAM, socket

GONE = "The connection to the server {} was refused - did you specify the right host or port?\n"


def stdin_for(words: list[str]) -> bytes | None:
    """What is to be sent along: only `exec -i` and a file named `-` read it."""
    ours = words[: words.index("--")] if "--" in words else words
    interactive = any(
        word == "--stdin" or (word[:1] == "-" and word[1:2] != "-" and set(word[1:]) <= {"i", "t"} and "i" in word)
        for word in ours
    )
    return sys.stdin.buffer.read() if interactive or "-" in ours else None


def request(words: list[str], stdin: bytes | None) -> bytes:
    argv = ",".join(quoted(word) for word in words)
    tty = "true" if os.isatty(0) else "false"
    size = "null" if stdin is None else str(len(stdin))
    return f'{{"op":"kubectl","argv":[{argv}],"tty":{tty},"stdin":{size}}}\n'.encode() + (stdin or b"")


def read(connection: socket, size: int) -> bytes:
    """Exactly `size` bytes; raises ConnectionError when the other side has gone."""
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            raise ConnectionResetError
        data += chunk
    return data


def write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def converse(path: str, words: list[str]) -> int:
    """The exit status."""
    connection = socket(AF_UNIX, SOCK_STREAM)
    try:
        connection.connect(path)
        connection.sendall(request(words, stdin_for(words)))
        while True:
            head = read(connection, 5)
            payload = read(connection, int.from_bytes(head[1:], "big"))
            if head[0] == 0:
                return int(payload)
            write(head[0], payload)
    except BrokenPipeError:
        return 141
    except OSError:
        write(2, GONE.format(path).encode())
        return 1


if __name__ == "__main__":
    for ending in (SIGINT, SIGTERM):
        signal(ending, lambda number, _: os._exit(128 + number))
    os._exit(converse(sys.argv[1], sys.argv[2:]))
