"""The user's runs that have begun and not ended, wherever their directories are: one small file per run.

The files are in `$XDG_STATE_HOME/runbook-gameday/runs`, by default below `~/.local/state`. A killed run leaves its
file, by which `gameday recover` finds the directory.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from harness.machine.process_ledger import Group


def folder() -> Path:
    """Where the files are."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "runbook-gameday" / "runs"


@contextmanager
def registered(run: Path) -> Iterator[None]:
    """Keep a run directory in the registry during the block. A registry that cannot be written changes nothing."""
    file, process = _file(run), psutil.Process()
    with suppress(OSError, RuntimeError):  # a read-only home, or none
        file.parent.mkdir(parents=True, exist_ok=True)
        entry = {"run": str(run), "pid": process.pid, "start_time": process.create_time()}
        file.write_text(json.dumps(entry), encoding="utf-8")
    try:
        yield
    finally:
        forget(run)


def runs() -> dict[Path, Group]:
    """The directories of the runs that have not ended, each with the process that runs or ran it."""
    found = {}
    with suppress(OSError, RuntimeError):
        for file in sorted(folder().glob("*.json")):
            with suppress(OSError, ValueError, KeyError, TypeError):
                entry = json.loads(file.read_text(encoding="utf-8"))
                found[Path(entry["run"])] = Group(int(entry["pid"]), float(entry["start_time"]), "gameday run")
    return found


def forget(run: Path) -> None:
    """Remove a run from the registry."""
    with suppress(OSError, RuntimeError):
        _file(run).unlink(missing_ok=True)


def _file(run: Path) -> Path:
    return folder() / f"{hashlib.sha256(os.fsencode(run)).hexdigest()[:16]}.json"
