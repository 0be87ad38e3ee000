"""Numbers the lines of a record and chains a checksum over them, so that a damaged record is noticed.

The checksum of a line is that of the line before it and of its own text. So a missing, doubled, moved or altered line
is found where it stands. This protects against accidents, not against forgery.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

CHECKSUM_DIGITS = 16
"""Hexadecimal digits of a checksum: the first 64 bits of SHA-256."""
_SUM = re.compile(rf',"sum":"([0-9a-f]{{{CHECKSUM_DIGITS}}})"}}')
_SUM_CHARACTERS = CHECKSUM_DIGITS + len(',"sum":""}')
"""Length of the end of a line that holds its checksum."""


class ChainError(ValueError):
    """A line does not continue the record; the message says how."""


class Chain:
    """The number and the checksum of the last line, from which those of the next one follow."""

    def __init__(self) -> None:
        self._seq, self._sum = 0, ""

    def seal(self, members: str) -> str:
        """The next line, without its end, from the members of its JSON object: with `seq` before, and `sum` after."""
        self._seq += 1
        text = f'{{"seq":{self._seq},{members}'
        self._sum = _checksum(self._sum, text)
        return f'{text},"sum":"{self._sum}"}}'

    def open(self, line: str, data: Mapping[str, object]) -> dict[str, object]:
        """The members of the next line, `seq` and `sum` left out; `data` is the line parsed. Raises ChainError."""
        self.check(line, data.get("seq"))
        return {key: value for key, value in data.items() if key not in ("seq", "sum")}

    def check(self, line: str, seq: object) -> None:
        """Take the next line, whose number is `seq`. Raises ChainError."""
        self._check_number(seq)
        found = _SUM.fullmatch(line, max(0, len(line) - _SUM_CHARACTERS))
        if found is None:
            raise ChainError("its checksum `sum` is missing")
        self._sum = _checksum(self._sum, line[: found.start()])
        if found[1] != self._sum:
            raise ChainError("its checksum is wrong, so this line was altered")

    def _check_number(self, seq: object) -> None:
        self._seq += 1
        if type(seq) is not int:
            raise ChainError("its number `seq` is missing")
        if seq > self._seq:
            raise ChainError(f"its number is {seq} instead of {self._seq}, so lines before it are missing")
        if seq < self._seq:
            raise ChainError(f"its number is {seq} instead of {self._seq}, so it was repeated or moved")


def _checksum(before: str, text: str) -> str:
    return hashlib.sha256((before + text).encode()).hexdigest()[:CHECKSUM_DIGITS]
