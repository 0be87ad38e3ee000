"""RB709: a remedy that hides the symptom by loosening what detects it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.patterns import lazy
from harness.lint.toggles import Toggle, toggles

_BREAKER = lazy(r"(?:BREAKER|BACKPRESSURE)\w*THRESHOLD|THRESHOLD\w*(?:BREAKER|BACKPRESSURE)")
_CHECKS = lazy(r"(?:STRICT|VALIDAT|VERIFY|SECURITY|AUTH|TLS|RATE_?LIMIT)\w*")
_OFF = lazy(r"\b(?:false|off|0|no|disabled?|none|disable)\b", re.I)


def _check(document: Document) -> Iterator[Hit]:
    for toggle in toggles(document):
        what = _loosens(toggle)
        if what:
            yield Hit(toggle.place, f"`{toggle.name}` {what}: the symptom disappears, and its cause stays")


def _loosens(toggle: Toggle) -> str:
    if _BREAKER.search(toggle.name) and toggle.goes_up:
        return "lets more requests fail before the protection acts"
    switched = not re.search(r"TIMEOUT|_MS$|LOG_|RETR", toggle.name)
    return "turns a check off" if switched and _CHECKS.search(toggle.name) and _OFF.search(toggle.text) else ""


RULE = Rule(
    code="RB709",
    name="loosened-protection",
    severity=Severity.NOTE,
    summary="A remedy loosens the protection that shows the symptom.",
    why="The breaker stays closed, the check passes, and the failing service gets all its load, or bad data is "
    "stored. Say what it costs, "
    "for how long, and what else restores the service.",
    fires="## Toggles\n\n- `CIRCUIT_BREAKER_THRESHOLD`: Increase from 5 to 10\n",
    silent="## Toggles\n\n- `CIRCUIT_BREAKER_THRESHOLD`: Decrease from 10 to 5\n",
    check=_check,
)
