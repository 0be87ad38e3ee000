"""RB103: an incident document that does not say who helps when it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.engine import top
from harness.lint.facts import is_incident_document
from harness.lint.patterns import lazy

_PEOPLE = lazy(
    r"\b(?:escalat\w+|contact\w*|page(?:r| the| out)?|pagerduty|opsgenie|on-?call|slack|#[a-z][\w-]{3,}|support "
    r"(?:case|ticket|team|request)"
    r"|open (?:a|an) (?:\w+ ){0,2}(?:case|ticket|issue|bug)|(?:create|file|raise) (?:a|an) (?:\w+ ){0,2}(?:case"
    r"|ticket|issue|bug)"
    r"|(?:call|ask|notify|inform|involve|reach out to|talk (?:to|with)|ping|engage|alert|consult) (?:the |an? |your "
    r")?(?:\w+ ){0,2}(?:team|dba|engineer|owner"
    r"|admin\w*|developers?|support|lead|manager|vendor|sre|provider|expert)s?|owner|maintainers?|help desk|war room"
    r"|incident (?:commander|manager|channel)"
    r"|email|customer portal|red hat support|vendor support|support@)\b|@[a-z][\w-]{2,}",
    re.I,
)


def _check(document: Document) -> Iterator[Hit]:
    if is_incident_document(document) and len(document.prose) > 200 and not _PEOPLE.search(document.text):
        yield Hit(top(document), "the document does not say whom to call when its steps do not help")


RULE = Rule(
    code="RB103",
    name="no-escalation",
    severity=Severity.NOTE,
    summary="A runbook does not say whom to call when its steps do not help.",
    why="The person who is paged tries on alone for too long. Name the team, how to reach it, and after how many "
    "minutes.",
    fires="# ApiDown\n\n## Symptoms\n\nRequests of all tenants fail with the status 503 for more than five minutes.\n\n"
    "## Mitigation\n\nRestart the pods of the API one after the other, and wait for a minute behind each of them. "
    "Then restart "
    "the cache and see whether the errors end.\n",
    silent="# ApiDown\n\n## Symptoms\n\nRequests of all tenants fail with the status 503 for more than five "
    "minutes.\n\n"
    "## Mitigation\n\nRestart the pods of the API one after the other, and wait for a minute behind each of them. If "
    "the errors go on "
    "after ten minutes, escalate to the platform team.\n",
    check=_check,
)
