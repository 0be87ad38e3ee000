"""Opens streams of a live page and reads them: `python -m benchmarks.parts.page_readers PORT COOKIE COUNT`.

Prints a line when all are open, and the number of bytes read when its standard input is closed.
"""

from __future__ import annotations

import selectors
import socket
import sys


def open_stream(port: int, cookie: str) -> socket.socket:
    """A stream from which nothing has been read but the begin of its answer."""
    stream = socket.create_connection(("127.0.0.1", port))
    request = f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n"
    stream.sendall(request.encode())
    if stream.recv(12) != b"HTTP/1.1 200":
        raise ConnectionError("the page refused the stream")
    return stream


def main() -> None:
    """Read until standard input is closed."""
    port, cookie, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    selector, read = selectors.DefaultSelector(), 0
    for _ in range(count):
        selector.register(open_stream(port, cookie), selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ)
    print("open", flush=True)
    while True:
        for key, _ in selector.select():
            if not isinstance(key.fileobj, socket.socket):
                print(read, flush=True)
                return
            read += len(key.fileobj.recv(1 << 16))


if __name__ == "__main__":
    main()
