"""One thing that is missing or wrong before a runbook can be drilled, with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLACE = re.compile(r"(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): ", re.S)


@dataclass(frozen=True)
class Problem:
    """A fact about a place in a document, in gameday.yaml or in an SLO file."""

    runbook: str
    """The id of the runbook that it concerns; "" for what concerns all."""
    file: str
    line: int
    column: int
    fact: str

    @property
    def place(self) -> str:
        """`gameday.yaml:12:5`."""
        return f"{self.file}:{self.line}:{self.column}"


def from_message(message: str, runbook: str, file: str) -> Problem:
    """The problem that an error message states. The message begins with its place; else it is at the top of `file`."""
    found = _PLACE.match(message)
    if not found:
        return Problem(runbook, file, 1, 1, message)
    return Problem(runbook, found["file"], int(found["line"]), int(found["column"]), message[found.end() :])
