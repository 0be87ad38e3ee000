"""Suppressions in a document: `<!-- gameday: disable=RB301 reason="why" until=2027-01-01 -->`.

On a line of its own it concerns the next block; behind text it concerns its line; `disable-file=` the whole document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from harness.lint.page import Page, Place
from harness.lint.patterns import lazy

_COMMENT = lazy(r"<!--\s*gameday:\s*(?P<scope>disable(?:-file)?)\b(?P<rest>[^\n]*?)-->")
_CODES = lazy(r"^\s*=\s*(?P<codes>[\w-]+(?:\s*,\s*[\w-]+)*)")
_REASON = lazy(r"""\breason\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))""")
_UNTIL = lazy(r"\buntil\s*=\s*(\S+)")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment: the rules that it disables between two lines, and why."""

    place: Place
    codes: tuple[str, ...]
    first: int
    last: int
    reason: str
    until: str

    @property
    def until_date(self) -> date | None:
        """The last day on which it is in force; None without one, or where the text is no date."""
        try:
            return date.fromisoformat(self.until) if self.until else None
        except ValueError:
            return None

    def is_expired(self, today: date) -> bool:
        """Whether its day has passed."""
        return self.until_date is not None and today > self.until_date

    def concerns(self, code: str, name: str, line: int) -> bool:
        """Whether it disables a rule in a line."""
        return self.first <= line <= self.last and (code in self.codes or name in self.codes)


def suppressions(page: Page) -> tuple[Suppression, ...]:
    """Every suppression of a document."""
    if "gameday:" not in page.text:
        return ()
    return tuple(_found(page))


def _found(page: Page) -> Iterator[Suppression]:
    for number, (line, kind) in enumerate(zip(page.lines, page.kinds, strict=True), start=1):
        match = _COMMENT.search(line) if kind != "c" and "gameday:" in line else None
        if match is None:
            continue
        codes = _CODES.match(match["rest"])
        named = tuple(re.split(r"\s*,\s*", codes["codes"])) if codes else ()
        reason, until = _REASON.search(match["rest"]), _UNTIL.search(match["rest"])
        first, last = _range(page, number, match)
        place = Place(number, match.start() + 1, match.end() + 1)
        yield Suppression(
            place,
            named,
            first,
            last,
            next(filter(None, reason.groups()), "") if reason else "",
            until[1] if until else "",
        )


def _range(page: Page, number: int, match: re.Match[str]) -> tuple[int, int]:
    if match["scope"] == "disable-file":
        return 1, len(page.lines)
    if page.lines[number - 1].replace(match[0], "").strip(" \t>-*"):
        return number, number
    return _next_block(page, number)


def _next_block(page: Page, number: int) -> tuple[int, int]:
    """The next block: code up to its end, a heading alone, or lines up to the next blank one."""
    at = number
    while at < len(page.kinds) and page.kinds[at] in "bm":
        at += 1
    end = at
    kind = page.kinds[at : at + 1]
    while end + 1 < len(page.kinds) and kind != "h" and page.kinds[end + 1] == kind:
        end += 1
    return at + 1, end + 1


def in_force(found: Iterable[Suppression], today: date) -> tuple[Suppression, ...]:
    """Those that have not expired."""
    return tuple(each for each in found if not each.is_expired(today))
