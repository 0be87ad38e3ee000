"""The process of a program that handles an incident: confined like the steps of a runbook, and ended as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.errors import MachineError
from harness.machine.platform_state import Shell
from harness.responders import desk_client, supervise
from harness.steps.confinement import Confinement, Reach
from harness.steps.destinations import Destinations

TOOLS = ("kubectl", "curl", "desk")
"""Programs on its PATH that the harness runs for it."""
KEPT_BYTES = 2**20
"""The begin of its output that is kept."""
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/opt")
_ENDED_S = 5.0


@dataclass(frozen=True)
class Workplace:
    """Where a program runs: a folder for itself, which is removed afterwards, and the socket of the desk."""

    folder: Path
    socket: Path

    @property
    def tools(self) -> Path:
        return self.folder / "bin"

    def furnish(self) -> None:
        """Make the programs of the PATH."""
        self.tools.mkdir()
        (self.folder / "home").mkdir()
        for name in TOOLS:
            tool = self.tools / name
            tool.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {desk_client.__file__} {self.socket} {name} "$@"\n')
            tool.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        """Everything that the program gets in its environment: nothing of the caller's."""
        home = str(self.folder / "home")
        path = os.pathsep.join((str(self.tools), os.defpath.lstrip(":")))
        return {"PATH": path, "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}


class ProgramProcess:
    """A program that runs at a workplace, with everything that it starts."""

    def __init__(self, argv: Sequence[str], place: Workplace, stdin: Path, output: Path) -> None:
        """Start `argv`, whose first word is a path, with a file as its standard input. Raises MachineError.

        It reads the machine without the user's home, and what its command line names; it writes at its workplace only,
        and connects to the desk only, as far as this machine can enforce that.
        """
        home = place.folder / "home"
        shell = Shell(str(place.tools), {"HOME": str(home)}, home)
        reach = Reach((home,), (place.tools, *_programs(argv)), Destinations(tuple, [str(place.socket)]))
        self._confinement = Confinement(sys.executable, shell, reach, place.folder)
        command = [*self._confinement.command, "-IS", supervise.__file__, f"{os.getpid()}", *argv]
        try:
            with stdin.open("rb") as briefing:
                self._process = subprocess.Popen(
                    command,
                    stdin=briefing,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    env=place.environment,
                    pass_fds=self._confinement.pass_fds,
                    start_new_session=True,
                )
        except OSError as error:
            self._confinement.close()
            raise MachineError(f"--responder {argv[0]}: cannot be started ({error.strerror})") from None
        self.pid = self._process.pid
        self.printed_bytes = 0
        self._reader = threading.Thread(target=self._read, args=(output,), name="responder-output", daemon=True)
        self._reader.start()
        try:
            self._confinement.started()
        except MachineError:
            self.kill()
            raise

    def _read(self, output: Path) -> None:
        """Keep the begin of the output and let the rest go, so that the program never waits for a reader."""
        assert self._process.stdout is not None
        with output.open("wb") as kept, self._process.stdout as printed:
            while part := os.read(printed.fileno(), 65536):
                kept.write(part[: max(0, KEPT_BYTES - self.printed_bytes)])
                self.printed_bytes += len(part)

    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """End the program and everything that it has started. Idempotent."""
        deadline = time.monotonic() + _ENDED_S
        while (found := self._descendants()) and time.monotonic() < deadline:
            for each in found:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
            psutil.wait_procs(found, timeout=0.05)
        self._process.kill()
        self._process.wait()
        self._reader.join(_ENDED_S)
        self._confinement.close()

    def _descendants(self) -> list[psutil.Process]:
        """What runs below the supervisor, to which orphans come back."""
        try:
            found = psutil.Process(self.pid).children(recursive=True)
            return [each for each in found if each.status() != psutil.STATUS_ZOMBIE]
        except psutil.NoSuchProcess:
            return []


def _programs(argv: Sequence[str]) -> list[Path]:
    """What it may start and read: the system's programs, and the folders of the files that its command line names."""
    own = {folder for word in argv if os.path.exists(word) for folder in _folders(Path(word))}  # also for a long text
    return [*map(Path, _SYSTEM), Path(sys.prefix), Path(sys.base_prefix), *sorted(own)]


def _folders(path: Path) -> Iterator[Path]:
    """The folder of a file, also of what a link leads to, and the virtual environment that it is in."""
    if path.is_dir():
        yield path.resolve()
        return
    yield path.resolve().parent
    folder = path.absolute().parent
    yield folder.parent if (folder.parent / "pyvenv.cfg").exists() else folder
