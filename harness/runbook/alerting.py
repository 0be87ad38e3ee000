"""What the rows of a document's alert and escalation procedures ask for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from harness.model import Document, Procedure
from harness.record.incident import AlertAction

DEFAULT_PRIORITIES: Final = ("P0", "P1", "P2")
"""Of a document that names no priorities."""
_NUMBER = re.compile(r"\d+")
_ASKED: Mapping[AlertAction, re.Pattern[str]] = {
    "acknowledged": re.compile(r"\backnowledg|\back\b|\brespon[ds]|\bpick up\b", re.I),
    "investigating": re.compile(r"\binvestigat|\bdiagnos|\btriag|\b(?:look for|find|root) (?:the )?cause", re.I),
    "updated": re.compile(r"\bcommunicat|\bstatus page|\bstakeholder|\binform|\bnotif|\bupdate", re.I),
    "escalated": re.compile(r"\bescalat", re.I),
    "mitigated": re.compile(r"\bmitigat|\bworkaround|\bcontain|\bstop the impact", re.I),
    "resolved": re.compile(r"\bresol|\brestor|\bfix|\brecover", re.I),
}  # fmt: skip
"""Words of each action, in the order in which they are looked for."""


def asked_action(row: Procedure) -> AlertAction | None:
    """What a row of an alert procedure asks its reader to do; by its label first, then by its text. None: unknown."""
    return _action_in(row.name) or _action_in(row.text)


def _action_in(text: str) -> AlertAction | None:
    return next((action for action, words in _ASKED.items() if words.search(text)), None)


def priorities_of(document: Document) -> tuple[str, ...]:
    """The priorities that the document has alert procedures for, the most urgent first: P0, P1, P2."""
    return in_order(row.priority for row in document.alerts)


def in_order(priorities: Iterable[str | None]) -> tuple[str, ...]:
    """The names among them, each once, by their numbers."""
    found = {name for name in priorities if name}
    return tuple(sorted(found, key=lambda name: (int("".join(_NUMBER.findall(name)) or 0), name)))
