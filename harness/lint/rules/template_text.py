"""RB110: text of a template that the author did not replace."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown

_TEMPLATE = re.compile(
    r"<(?i:insert|describe|add|enter|fill in|link to|name of|provide|list|explain|specify) [^<>\n]{2,80}>"
    r"|\[(?i:insert|your|name of|link to|enter|fill in) [^\[\]\n]{2,80}\](?![(\[:])"
    r"|\[(?:TEAM|SERVICE|ALERT|DATE|NAME|OWNER|AUTHOR|LINK|URL|DASHBOARD|CHANNEL|CONTACT|VERSION|TITLE)(?:[ "
    r"_-][A-Z]+)*\](?![(\[:])"
    r"|Lorem ipsum dolor|\b(?:INSERT|REPLACE|CHANGE)[_-](?:ME|HERE|THIS)\b"
    r"|\b(?i:your|my)[-_](?i:team|service|company|org)[-_](?i:name|here)\b"
)


def _check(document: Document) -> Iterator[Hit]:
    for place, found in document.matches(_TEMPLATE):
        yield Hit(place, f"{shown(found[0])} is text of a template that was not replaced")


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
