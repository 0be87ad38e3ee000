"""Finds the words by which a command is asked for only in some case, or is only an example.

In a runbook that states its symptoms, a condition on the service is the incident itself (`wording`). A document of
another form has branches: its conditions, numbered cases and examples leave what changes something to a person.
"""

from __future__ import annotations

import re
from itertools import pairwise

from harness.runbook.wording import COMMAND, has_any, shown

_INCIDENT = (
    r"(?!\W*(?:(?:if|when) (?:needed|necessary|required|you (?:see|get|receive|are paged for) this alert)"
    r"|(?:if|when|once) (?:this|the|an?) alert (?:is |has )?(?:fir|trigger|rais|page)))"
)
_BEGINS = re.compile(
    rf"{_INCIDENT}\W*(?:\d+[.)]\s*)?(?:(?:and|but|then|also|or|for|only)\s+)?"
    r"(?:if|in case|in the event|assuming|provided|whenever|when|where)\b.*",
    re.I | re.S,
)
_INSIDE = re.compile(r"(?<=[\w,)] )(?:if|in case)\b(?! (?:needed|necessary|required|any|possible|so)\b).*", re.I | re.S)
_NUMBERED = re.compile(
    r"\W*(?:(?:case|scenario|cause|possible cause|possibility)\s*#?(?:\d+|[a-z])\b|(?:option|method|approach"
    r"|alternative|variant|solution|way)\s*#?(?:[2-9]|\d\d|[b-z])\b).*",
    re.I | re.S,
)
_EXAMPLE = re.compile(
    r"\b(?:for example|e\.g\.|for instance|as an example|an? (?:\w+ )?example|this example|example (?:of|for"
    r"|commands?|usage)|sample)\b.*"
    r"|^\W*(?:\w+ )?examples?\W*$|\bsomething like\b.*|^\W*examples?\s*:.*",
    re.I | re.S,
)
_SENTENCE = re.compile(r"(?<!e\.g\.)(?<!i\.e\.)(?<=[.!?;])[\"')\]*]*\s+")
_HINTS = (
    "if",
    "when",
    "case",
    "where",
    "assuming",
    "provided",
    "event",
    "scenario",
    "cause",
    "possib",
    "option",
    "method",
    "approach",
    "alternative",
    "variant",
    "solution",
    "way",
    "exampl",
    "e.g.",
    "instance",
    "sample",
    "something like",
)


def case_of(text: str) -> str:
    """The words of an introduction that restrict what it introduces to a case; "" without such words."""
    if not has_any(text, _HINTS):
        return ""
    sentences = [part for part in _SENTENCE.split(text) if part.strip()]
    return next(filter(None, map(_case, [*sentences[-1:], *sentences[:1]])), "")


def case_around(text: str, at: int) -> str:
    """The words of the sentence around a place that restrict its command to a case."""
    if not has_any(text, _HINTS):
        return ""
    ends = [0, *(found.end() for found in _SENTENCE.finditer(text)), len(text)]
    start, end = next(((a, b) for a, b in pairwise(ends) if a <= at < b), (0, len(text)))
    return _case(text[start:end])


def _case(sentence: str) -> str:
    plain = sentence.replace(COMMAND, " … ")
    found = _NUMBERED.match(plain) or _BEGINS.match(plain) or _INSIDE.search(plain) or _EXAMPLE.search(plain)
    return shown(found[0]) if found else ""
