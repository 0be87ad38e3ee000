"""The directory of a run."""

from __future__ import annotations

import time
from pathlib import Path

from harness.app.reporting import RECORD
from harness.errors import MachineError


def make_run_directory(named: Path | None) -> Path:
    """Create the directory, `runs/<time>` by default. Raises MachineError when it has a record, or cannot be made."""
    out = named or Path("runs") / time.strftime("%Y-%m-%dT%H-%M-%S")
    if (out / RECORD).exists():
        raise MachineError(f"{out}: this directory has the record of another run; name another one with --out")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MachineError(f"{out}: cannot be created ({error.strerror}); name another directory with --out") from None
    return out.resolve()
