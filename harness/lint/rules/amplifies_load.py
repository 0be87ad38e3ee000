"""RB706: more retries for a service that is overloaded."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown, whole_line
from harness.lint.patterns import lazy
from harness.lint.toggles import toggles

_RETRIES = lazy(r"RETR(?:Y|IES)|ATTEMPTS")
_NO_RETRY = lazy(r"DELAY|BACKOFF|INTERVAL|TIMEOUT|WAIT|_MS$|SECONDS")
_PROSE = lazy(
    r"\b(?:increase|raise|bump|double)\b[^.\n]{0,40}\b(?:retries|retry (?:count|attempts|limit)|number of (?:retries"
    r"|attempts))\b",
    re.I,
)


def _check(document: Document) -> Iterator[Hit]:
    lines = set()
    for toggle in toggles(document):
        if toggle.goes_up and _RETRIES.search(toggle.name) and not _NO_RETRY.search(toggle.name):
            lines.add(toggle.place.line)
            yield Hit(
                toggle.place, f"more retries (`{toggle.name}`) send more requests to a service that is already failing"
            )
    if document.has_any("retr"):
        yield from (hit for hit in _in_prose(document) if hit.place.line not in lines)


def _in_prose(document: Document) -> Iterator[Hit]:
    for number, line in enumerate(document.words.split("\n"), start=1):
        found = _PROSE.search(line) if "retr" in line else None
        if found:
            fact = f"{shown(found[0])}: more retries send more requests to a service that is already failing"
            yield Hit(whole_line(document, number), fact)


RULE = Rule(
    code="RB706",
    name="amplifies-load",
    severity=Severity.WARNING,
    summary="The remedy multiplies the requests to a service that is overloaded.",
    why="Retries of three layers multiply; raising them in an overload keeps the service down (a retry storm). Lower "
    "them, shed load, or "
    "add capacity.",
    fires="## Toggles\n\n- `MAX_RETRIES`: Increase from 3 to 5\n",
    silent="## Toggles\n\n- `MAX_RETRIES`: Decrease from 3 to 1\n",
    check=_check,
)
