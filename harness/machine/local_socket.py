"""Unix sockets in folders of any depth, for this user alone; requests and answers are JSON objects, one a line."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.errors import MachineError

Message = Mapping[str, object]
LONGEST_REQUEST_BYTES = 1_000_000


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of a socket that is short enough for the kernel (107 bytes), however long its path is."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


class LocalServer:
    """Answers each request of each connection by `answer`, each connection in a thread of its own."""

    def __init__(self, path: Path, answer: Callable[[Message], Message]) -> None:
        """Listen at `path`, which only this user can connect to. Raises MachineError."""
        self.path, self._answer = path, answer
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._lock, self._connections, self._closed = threading.Lock(), set[socket.socket](), False
        try:
            path.unlink(missing_ok=True)
            with _short(path) as name:
                self._server.bind(name)
            path.chmod(0o600)
            self._server.listen()
        except OSError as error:
            self._server.close()
            raise MachineError(
                f"{path}: no socket can be made here ({error.strerror}); choose another place by --out"
            ) from None
        self._thread = threading.Thread(target=self._accept, name="local-server", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Accept no more, end every connection, and remove the socket. Idempotent."""
        with self._lock:
            self._closed = True
            connections = list(self._connections)
        for each in (self._server, *connections):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()
        self.path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with self._lock:
                if self._closed or _user_of(connection) != os.geteuid():
                    connection.close()
                    continue
                self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), name="local-client", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, ValueError), connection.makefile("rb") as lines:
            while line := lines.readline(LONGEST_REQUEST_BYTES):
                request = json.loads(line)
                if not isinstance(request, dict):
                    break
                connection.sendall(json.dumps(self._answer(request)).encode() + b"\n")
        with self._lock:
            self._connections.discard(connection)


def _user_of(connection: socket.socket) -> int:
    """The user at the other end (SO_PEERCRED in unix(7))."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", found)[1])


class LocalClient:
    """A connection to a LocalServer; `close` it."""

    def __init__(self, path: Path) -> None:
        """Connect. Raises OSError when no server listens there."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            with _short(path) as name:
                self._socket.connect(name)
        except OSError:
            self._socket.close()
            raise
        self._lines = self._socket.makefile("rb")

    def ask(self, request: Message) -> Message | None:
        """Send a request; return the answer, or None when the server has ended."""
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
            line = self._lines.readline()
            answer = json.loads(line) if line.endswith(b"\n") else None
        except (OSError, ValueError):
            return None
        return answer if isinstance(answer, dict) else None

    def close(self) -> None:
        """End the connection."""
        self._lines.close()
        self._socket.close()
