"""RB110: text of a template that the author did not replace."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown
from harness.lint.page import Place
from harness.lint.patterns import lazy

_BRACKETS = lazy(r"<[^<>\[\]\n]{3,90}>|\[[^<>\[\]\n]{3,90}\](?![(\[:])")
_TEMPLATE = lazy(
    r"<(?:insert|describe|add|enter|fill in|link to|name of|provide|list|explain|specify) .{2,}"
    r"|\[(?:insert|your|name of|link to|enter|fill in) .{2,}",
    re.I,
)
_NAMES = lazy(
    r"\[(?:TEAM|SERVICE|ALERT|DATE|NAME|OWNER|AUTHOR|LINK|URL|DASHBOARD|CHANNEL|CONTACT|VERSION|TITLE)"
    r"(?:[ _-][A-Z]+)*\]"
)
_WORDS = lazy(
    r"Lorem ipsum dolor|\b(?:INSERT|REPLACE|CHANGE)[_-](?:ME|HERE|THIS)\b"
    r"|\b(?i:your|my)[-_](?i:team|service|company|org)[-_](?i:name|here)\b"
)
_FILL_IN = lazy(
    r"<[^<>\n]{0,40}\bfill in\b[^<>\n]{0,20}>|\\<[^<>\n]{0,40}\bfill in\\?>"
    r"|_(?:update|replace) with (?:the )?actual \w+_"
    r"|\+?\d?-?X{3}-X{3}-X{4}|\bXX+-XX+-XX+\b",
    re.I,
)
_HINTS = ("lorem", "_me", "-me", "_here", "-here", "_this", "-this", "_name", "-name")


def _check(document: Document) -> Iterator[Hit]:
    words = document.words
    for pattern in (_TEMPLATE, _NAMES):
        for found in pattern.finditer(words):
            whole = _BRACKETS.match(words, found.start())
            if whole:
                yield _hit(document.place(words, whole.start(), whole.end()), whole[0])
    for number in document.lines_with("fill in", "with actual", "with the actual", "xxx-", "xx-"):
        blank = _FILL_IN.search(document.lines[number - 1]) if document.kinds[number - 1] in "ph" else None
        if blank:
            yield _hit(Place(number, blank.start() + 1, blank.end() + 1), blank[0])
    if document.has_any(*_HINTS):
        for place, found in document.matches(_WORDS):
            yield _hit(place, found[0])


def _hit(place: Place, text: str) -> Hit:
    return Hit(place, f"{shown(text)} is text of a template that was not replaced")


RULE = Rule(
    code="RB110",
    name="template-text",
    severity=Severity.WARNING,
    summary="Text of a template was left in the document.",
    why="What should stand there is missing in the incident: the channel, the owner, the link. Fill it in.",
    fires="# ApiDown\n\nOwner: [insert team name here]\n",
    silent="# ApiDown\n\nOwner: platform team\n",
    check=_check,
)
