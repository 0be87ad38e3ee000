"""RB103: an incident document that does not say who helps when it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.engine import top
from harness.lint.facts import changes, is_incident_document
from harness.lint.patterns import lazy

_PEOPLE = lazy(
    r"\b(?:escalat\w+|contact\w*|page(?:r| the| out| \w+ on-?call)"
    r"|pagerduty|opsgenie|on-?call|slack|#[a-z][\w-]{3,}|support "
    r"(?:case|ticket|team|request)"
    r"|open (?:a|an) (?:\w+ ){0,2}(?:case|ticket|issue|bug)|(?:create|file|raise) (?:a|an) (?:\w+ ){0,2}(?:case"
    r"|ticket|issue|bug)"
    r"|(?:call|ask|notify|inform|involve|reach out to|talk (?:to|with)|ping|engage|alert|consult) (?:the |an? |your "
    r")?(?:\w+ ){0,2}(?:team|dba|engineer|owner"
    r"|admin\w*|developers?|support|lead|manager|vendor|sre|provider|expert)s?|help desk|war room"
    r"|incident (?:commander|manager|channel)"
    r"|email|customer portal|red hat support|vendor support|support@)\b|\bowners?\b[^\n|]*[@#]",
    re.I,
)


def _check(document: Document) -> Iterator[Hit]:
    if not is_incident_document(document) or len(document.prose) <= 200 or not changes(document):
        return
    if not _PEOPLE.search(document.text):
        yield Hit(top(document), "the document does not say whom to call when its steps do not help")


RULE = Rule(
    code="RB103",
    name="no-escalation",
    severity=Severity.NOTE,
    summary="A runbook with remedies does not say whom to call when they do not help.",
    why="The person who is paged tries on alone for too long. Name the team, how to reach it, and after how many "
    "minutes.",
    fires="# ApiDown\n\n## Symptoms\n\nRequests of all tenants fail with the status 503 for more than five minutes.\n\n"
    "## Mitigation\n\nRestart the pods of the API, and wait until all of them are ready. Then look at the errors for "
    "five minutes. They should end within two.\n\n```bash\nkubectl rollout restart deployment/api -n shop\n```\n",
    silent="# ApiDown\n\n## Symptoms\n\nRequests of all tenants fail with the status 503 for more than five "
    "minutes.\n\n"
    "## Mitigation\n\nRestart the pods of the API, and wait until all of them are ready. If the errors go on after "
    "ten minutes, escalate to the platform team.\n\n```bash\nkubectl rollout restart deployment/api -n shop\n```\n",
    check=_check,
)
