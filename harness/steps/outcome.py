"""The result of one command in a session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and its output."""

    exit_status: int | None
    """`$?`; None if the session killed the command."""
    pipestatus: tuple[int, ...]
    stdout: Path
    """File with the whole output, up to the session's limit."""
    stderr: Path
    started_s: float
    """Unix time."""
    seconds: float
    ended: bool = False
    """Whether a producer that never ends by itself was ended by the session."""
    timed_out: bool = False
    overflowed: bool = False
    """Whether its output reached the session's limit."""
    left: bool = False
    """Whether the command ended its own bash (`exit`); the next command runs in a new one."""
    http: tuple[str, ...] = ()
    """Status lines of the responses that curl got."""
    refusals: tuple[str, ...] = ()
    """Why the policy refused a program at the moment of its start; that program did not run."""

    def text(self, limit: int = 4_000) -> tuple[str, str]:
        """Return the first `limit` characters of stdout and stderr."""
        return _start_of(self.stdout, limit), _start_of(self.stderr, limit)


def _start_of(file: Path, limit: int) -> str:
    with file.open(encoding="utf-8", errors="replace") as stream:
        return stream.read(limit)
