"""The programs on a session's PATH: each asks the policy, with its real arguments, before it runs.

The text of a command shows what bash will run, but not every value: a variable may become an option, `xargs` adds
arguments, IFS splits a word. So each program is a small script that sends its arguments to the harness, and runs the
program only when the policy allows them. Without an answer nothing runs.
"""

from __future__ import annotations

import contextlib
import secrets
import shlex
import shutil
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from harness.machine.operator_shell import ALLOWED
from harness.machine.platform_state import Shell

_HOST = "127.0.0.1"
_ANSWER_S = 2.0
"""How long a program may take to send its arguments."""
_MOST_BYTES = 4 * 2**20
"""The longest command line that is read; the kernel's own limit is about half of it."""
_SCRIPT = r"""#!/bin/bash -p
name=${0##*/}
if { exec 9<>/dev/tcp/HOST/PORT; } 2>/dev/null && printf '%s\0' TOKEN "$#" "$name" "$@" >&9 && read -r -u 9 why; then
  exec 9>&-
  [ "$why" != allowed ] || PATH=SEARCH exec -a "$name" PROGRAM "$@"
  printf 'gameday: refused: %s\n' "$why" >&2
else
  printf 'gameday: refused: %s: the harness does not answer; run the drill again\n' "$name" >&2
fi
exit 126
"""


class Guard:
    """A folder for PATH and the server that its programs ask. `close` it after the last command."""

    def __init__(self, shell: Shell, folder: Path, refusals: Callable[[Sequence[str]], Sequence[str]]) -> None:
        """`refusals` returns why a command line may not run."""
        self.folder, self._refusals = folder, refusals
        self._refused: list[str] = []
        self._token = secrets.token_hex(16)
        self._server = socket.create_server((_HOST, 0))
        self.address: tuple[str, int] = self._server.getsockname()
        """Of the server: the loopback, and its port."""
        self.programs = tuple(self._make(shell))
        """The programs behind the scripts of the folder, and those scripts."""
        self._thread = threading.Thread(target=self._serve, name="policy", daemon=True)
        self._thread.start()

    def _make(self, shell: Shell) -> Iterator[Path]:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        text = _SCRIPT.replace("HOST", _HOST).replace("PORT", str(self.address[1]))
        text = text.replace("TOKEN", self._token)
        for name in (*ALLOWED, "kubectl"):
            if (program := shutil.which(name, path=shell.path)) is not None:
                script = self.folder / name
                path = shell.path if name == "kubectl" else str(self.folder)  # kubectl starts programs of its own
                script.write_text(text.replace("PROGRAM", shlex.quote(program)).replace("SEARCH", shlex.quote(path)))
                script.chmod(0o700)
                yield from (script, Path(program))

    def taken(self) -> tuple[str, ...]:
        """Return the refusals since the last call, each once."""
        refused, self._refused = self._refused, []
        return tuple(dict.fromkeys(refused))

    def close(self) -> None:
        """Stop the server: from now on no program of the folder runs."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError, ValueError):
                connection.settimeout(_ANSWER_S)
                connection.sendall(f"{self._answer(_read(connection, self._token))}\n".encode())

    def _answer(self, argv: Sequence[str]) -> str:
        refused = self._refusals(argv)
        self._refused += refused
        return "; ".join(refused).replace("\n", " ") or "allowed"


def _read(connection: socket.socket, token: str) -> list[str]:
    """Return the command line that a program sends: the token, the number of arguments, the name and the arguments,
    each with a NUL behind it. Raises ValueError for anything else."""
    data = b""
    while True:
        parts = data.split(b"\0")[:-1]
        if len(parts) >= 3 and len(parts) == int(parts[1]) + 3:
            break
        part = connection.recv(65536)
        if not part or len(data) > _MOST_BYTES:
            raise ValueError("no complete command line")
        data += part
    if not secrets.compare_digest(parts[0], token.encode()):
        raise ValueError("a wrong token")
    return [part.decode(errors="surrogateescape") for part in parts[2:]]
