"""RB110: text of a template that the author did not replace."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown

_TEMPLATE = re.compile(
    r"[\[<{(](?:insert|describe|add|enter|fill in|replace|link to|your|name of|provide|list|explain|specify)\b[^\[\]<>{}()\n]{2,80}[\]>})](?!\()"
    r"|\[(?:TEAM|SERVICE|ALERT|DATE|NAME|OWNER|AUTHOR|LINK|URL|DASHBOARD|CHANNEL|CONTACT|VERSION|TITLE)(?:[ _-]\w+)*\](?![(\[:])"
    r"|\b(?:Lorem ipsum dolor)\b|\b(?:INSERT|REPLACE|CHANGE)[_-](?:ME|HERE|THIS)\b|\b(?:your|my)[-_](?:team|service|company|org)[-_](?:name|here)\b",
    re.I,
)
_UPPER = re.compile(r"\[[A-Z _-]+\]")


def _check(document: Document) -> Iterator[Hit]:
    for place, found in document.matches(_TEMPLATE):
        text = found[0]
        if text[0] == "(" or (text[0] == "[" and text[1:5].isupper() and not _UPPER.fullmatch(text)):
            continue
        if (
            text[:1] == "["
            and re.match(r"\[(?:list|explain|provide|specify|add|replace|describe) ", text) is None
            and text[1:2].islower()
        ):
            if not re.match(r"\[(?:insert|your|name of|link to|enter|fill)", text):
                continue
        yield Hit(place, f"{shown(text)} is text of a template that nobody replaced")


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
