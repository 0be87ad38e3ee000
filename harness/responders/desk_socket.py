"""The desk of a drill on a unix socket in its run directory, for `gameday shell`.

A request is `{"line": TEXT, "observer": NAME}` or `{"interrupt": true}`; the answer has `stdout`, `stderr`, `status`,
and `open`: whether the response goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from harness.machine.local_socket import LocalServer, Message
from harness.responders.console import Answer, Console
from harness.responders.desk import IncidentDesk

SOCKET = "desk.sock"
"""Its name in the run directory."""


@contextmanager
def desk_socket(desk: IncidentDesk, folder: Path | None = None) -> Iterator[Path]:
    """Serve the desk at a socket in `folder` (default: the run directory) until the end of the `with`."""
    server = LocalServer((folder or desk.run_dir) / SOCKET, lambda request: answered(desk, request))
    try:
        yield server.path
    finally:
        server.close()


def answered(desk: IncidentDesk, request: Message) -> Message:
    """The answer to one request."""
    if request.get("interrupt"):
        answer = Answer(status=0 if desk.interrupt() else 1)
    else:
        answer = Console(desk, str(request.get("observer") or "observer")).answer(str(request.get("line", "")))
    situation = desk.situation()
    return {**asdict(answer), "open": not (situation.closed or situation.resolved), "left_s": situation.left_s}
