"""RB707: a duration whose unit is a guess."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.patterns import lazy
from harness.lint.toggles import toggles

_DURATION = lazy(r"(?:TIMEOUT|INTERVAL|DELAY|TTL|DURATION|BACKOFF|PERIOD|WAIT)$")
_UNIT = lazy(
    r"\d\s*(?:ms|s|m|h|sec|min|hour|day|milli|micro)|\b(?:milliseconds?|seconds?|minutes?|hours?|days?)\b", re.I
)


def _check(document: Document) -> Iterator[Hit]:
    for toggle in toggles(document):
        if _DURATION.search(toggle.name) and re.search(r"\d", toggle.text) and not _UNIT.search(toggle.text):
            yield Hit(toggle.place, f"`{toggle.name}` is a duration without a unit: milliseconds or seconds?")


RULE = Rule(
    code="RB707",
    name="duration-without-unit",
    severity=Severity.NOTE,
    summary="A duration has no unit.",
    why="30000 may be half a minute or eight hours. Write `30 s`, or take a variable whose name has the unit.",
    fires="## Toggles\n\n- `CIRCUIT_BREAKER_TIMEOUT`: Increase from 30000 to 60000\n",
    silent="## Toggles\n\n- `CIRCUIT_BREAKER_TIMEOUT_MS`: Increase from 30000 to 60000\n",
    check=_check,
)
