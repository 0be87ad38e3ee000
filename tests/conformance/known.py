"""Known differences with their reasons (`differences.yaml`), and which of them explain a difference.

An entry has a reason (`why`); `local` and `real` are regular expressions for lines that only that side prints; `status`
is the pair of exit statuses; `lines` limits the entry to these kubectl lines. A difference is explained when all of its
parts are. An entry, pattern or line that explains nothing is an error, unless `sometimes` gives a reason for that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.conformance.compare import Difference

FILE = Path(__file__).with_name("differences.yaml")


@dataclass
class Entry:
    """One reason, and which of its parts have been used."""

    why: str
    lines: tuple[str, ...] = ()
    local: tuple[str, ...] = ()
    real: tuple[str, ...] = ()
    status: tuple[int | None, int | None] | None = None
    sometimes: str = ""
    used: set[str] = field(default_factory=set)

    def concerns(self, line: str) -> bool:
        return not self.lines or line in self.lines

    def explains(self, line: str, side: str, text: str) -> bool:
        """Whether it explains a line that only this side printed; records that it was used."""
        for pattern in self.local if side == "local" else self.real:
            if re.search(pattern, text):
                self.used |= {f"{side}: {pattern}", line}
                return True
        return False

    def explains_status(self, line: str, statuses: tuple[int | None, int | None]) -> bool:
        if self.status != statuses:
            return False
        self.used |= {"status", line}
        return True

    def stale(self) -> Iterator[str]:
        """The parts that explained nothing."""
        parts = [f"local: {each}" for each in self.local] + [f"real: {each}" for each in self.real]
        parts += [*self.lines, *(["status"] if self.status else [])]
        if not self.sometimes:
            yield from (f"{self.why}: {part}" for part in parts if part not in self.used)


def load(path: Path = FILE) -> list[Entry]:
    """Load the entries. Raises TypeError for an unknown key."""
    return [Entry(**{key: _tuple(value) for key, value in each.items()}) for each in yaml.safe_load(path.read_text())]


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def reasons(line: str, found: Difference, entries: Sequence[Entry]) -> tuple[list[str], list[str]]:
    """The reasons for a difference, and each part of it that no entry explains."""
    concerned = [entry for entry in entries if entry.concerns(line)]
    whys: dict[str, None] = {}
    open_: list[str] = []
    for side, texts in (("local", found.local), ("real", found.real)):
        for text in texts:
            hit = next((entry for entry in concerned if entry.explains(line, side, text)), None)
            whys |= {hit.why: None} if hit else {}
            open_ += [] if hit else [f"only {side}: {text}"]
    if found.statuses:
        hit = next((entry for entry in concerned if entry.explains_status(line, found.statuses)), None)
        whys |= {hit.why: None} if hit else {}
        open_ += [] if hit else [f"exit status {found.statuses[0]}, expected {found.statuses[1]}"]
    return list(whys), open_
