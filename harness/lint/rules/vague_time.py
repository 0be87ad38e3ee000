"""RB710: a time that everybody reads differently."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown
from harness.lint.patterns import lazy

_WAIT = lazy(
    r"\bwait(?:ing)? (?:for )?(?:a (?:few|couple of|little|short) (?:minutes|seconds|hours|moments)|a (?:while|bit"
    r"|moment)|some time|a little|long enough)\b"
    r"|\bwait (?:for \w[\w -]{0,40})?to (?:stabili[sz]e|settle(?: down)?|calm down|recover)\b",
    re.I,
)


def _check(document: Document) -> Iterator[Hit]:
    for place, found in document.matches(_WAIT) if document.has_any("wait") else ():
        yield Hit(place, f"{shown(found[0])} is no time: say for how long, and what should have happened by the end")


RULE = Rule(
    code="RB710",
    name="vague-time",
    severity=Severity.NOTE,
    summary='A step waits for "a while".',
    why="One reader waits for one minute and another for twenty. State the time and the sign that the wait is over.",
    fires="Wait a few minutes and look again.\n",
    silent="Wait for up to 5 minutes, until the queue is below 100.\n",
    check=_check,
)
