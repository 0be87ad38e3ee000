"""`gameday shell`: the desk of a drill that runs, in another terminal.

Each line goes to the drill, which runs it as it runs the steps of the runbook: the shell itself starts nothing.
"""

from __future__ import annotations

import importlib
import sys
import threading
from contextlib import suppress
from pathlib import Path

from harness.errors import PASSED, UNUSABLE, MachineError
from harness.machine import run_registry
from harness.machine.local_socket import LocalClient, Message
from harness.report.format import printable
from harness.responders.desk_socket import SOCKET
from harness.responders.wording import duration

_POLL_S = 0.1


def open_shell(run: Path | None, observer: str = "observer") -> int:
    """Read lines until the end of the input or of the response; return the status of the last one.

    Raises MachineError when no drill can be found.
    """
    path = find_socket(run)
    try:
        client = LocalClient(path)
    except OSError as error:
        raise MachineError(f"{path}: the drill does not answer ({error.strerror}); has it ended?") from None
    try:
        return _Shell(client, path, observer).run()
    finally:
        client.close()


def find_socket(run: Path | None) -> Path:
    """The socket of a run; None: of the only run of this user whose incident is being handled."""
    if run is not None:
        found = [run / SOCKET] if (run / SOCKET).exists() else []
        where = f"{run}: no incident of this run is being handled"
    else:
        found = [folder / SOCKET for folder in run_registry.runs() if (folder / SOCKET).exists()]
        where = "no incident is being handled"
    if not found:
        raise MachineError(f"{where}; `gameday drill` starts a drill, and its alert opens the desk")
    if len(found) > 1:
        raise MachineError(f"several incidents are being handled; name one: {', '.join(str(p.parent) for p in found)}")
    return found[0]


class _Shell:
    """Asks for lines, and shows the answers."""

    def __init__(self, client: LocalClient, path: Path, observer: str) -> None:
        self._client, self._path, self._observer = client, path, observer
        self._lively = sys.stdin.isatty()
        self._status, self._left_s, self._open = PASSED, 0.0, True

    def run(self) -> int:
        if self._lively:
            with suppress(ImportError):
                importlib.import_module("readline")  # from now on `input` edits lines and has a history
            self._do("status")
        while self._open and (line := self._next()) is not None:
            self._do(line)
        return self._status

    def _next(self) -> str | None:
        """The next line; None at the end of the input. Ctrl-C gives up the line that is being typed."""
        while True:
            try:
                return input(f"[{duration(self._left_s)}] gameday> " if self._lively else "")
            except EOFError:
                return None
            except KeyboardInterrupt:
                sys.stdout.write("\n")

    def _do(self, line: str) -> None:
        answer = self._ask({"line": line, "observer": self._observer})
        if answer is None:
            sys.stderr.write("the response has ended\n")
            self._open = False
            return
        sys.stdout.write(printable(str(answer.get("stdout", ""))))
        sys.stdout.flush()
        sys.stderr.write(printable(str(answer.get("stderr", ""))))
        status, left_s = answer.get("status"), answer.get("left_s")
        self._status = status if isinstance(status, int) else UNUSABLE
        self._left_s = left_s if isinstance(left_s, float) else 0.0
        self._open = bool(answer.get("open"))

    def _ask(self, request: Message) -> Message | None:
        """The answer to a request. Ctrl-C ends the command that runs for it, not the shell."""
        answers: list[Message | None] = []
        done = threading.Event()  # a join that Ctrl-C interrupts may take a thread that runs for one that has ended

        def ask() -> None:
            answers.append(self._client.ask(request))
            done.set()

        threading.Thread(target=ask, daemon=True).start()
        while not done.is_set():
            try:
                done.wait(_POLL_S)
            except KeyboardInterrupt:
                self._interrupt()
        return answers[0]

    def _interrupt(self) -> None:
        with suppress(OSError):  # the drill has ended meanwhile
            client = LocalClient(self._path)
            client.ask({"interrupt": True})
            client.close()
