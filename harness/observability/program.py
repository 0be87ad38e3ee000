"""An external program that serves HTTP on loopback for one side of a drill, held by a guard."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from harness.errors import MachineError, MonitoringError, PlatformError
from harness.http import call
from harness.machine.guard import Guard

READY_S, POLL_S = 30.0, 0.1
LONGEST_S = 6 * 3600.0
"""After this the guard ends the program in any case."""


def find_program(names: Sequence[str], given: Path | None, fix: str) -> Path:
    """The given program, or the first of these names on PATH. Raises MachineError with `fix` without one."""
    found = next(filter(None, map(shutil.which, [str(given)] if given else names)), None)
    if found is None:
        what = f"{given} is no program" if given else f"no `{names[0]}` is on PATH"
        raise MachineError(f"--observability: {what}; {fix}")
    return Path(found).resolve()


class Serving:
    """A program that runs from its creation until `end`; its output is in `log`.

    Raises MonitoringError when it does not answer GET `ready` with 200, PlatformError when its guard does not start.
    """

    def __init__(self, command: Sequence[str], folder: Path, log: str, ready: str) -> None:
        self._name, self._log = command[0], folder / log
        arguments = [f"{LONGEST_S:g}", str(self._log), *command]
        self._guard = Guard("harness.machine.guards.program", arguments, folder)
        deadline_s = time.monotonic() + READY_S
        while call("GET", ready).status != 200:
            if not self._runs() or time.monotonic() > deadline_s:
                self.end()
                raise MonitoringError(f"{self._name} did not start: {self._last_line()}")
            time.sleep(POLL_S)

    def end(self) -> None:
        """End it. Idempotent. Raises PlatformError when it does not end."""
        self._guard.end()

    def _runs(self) -> bool:
        try:
            return self._guard.ask("state") == "running"
        except PlatformError:
            return False

    def _last_line(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines() if self._log.exists() else []
        return f"{lines[-1] if lines else 'it wrote nothing'}; see {self._log}"
