"""RB104: an incident document that only explains and diagnoses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.engine import top
from harness.lint.facts import changes, is_incident_document
from harness.lint.patterns import lazy

_REMEDY = lazy(
    r"^(?:\W|\d)*(?:mitigat\w*|re(?:solution|mediation|medy|covery)\b.*|resolv\w*.*|fix(?:es|ing)?\b.*|solutions?"
    r"|work-?arounds?|actions?|immediate actions?"
    r"|(?:possible )?(?:steps?|actions?)(?: to .*)?|procedures?|response|how to (?:fix|resolve|recover|mitigate).*"
    r"|what to do|restor\w*.*|restart\w*.*"
    r"|commands?|repair\w*|correct\w*.*|steps? .*|.* steps?|instructions?|instruct\w*.*|playbook|treatment|recover.*"
    r"|handling.*|troubleshoot.*)$",
    re.I,
)
_IMPERATIVE = lazy(
    r"\b(?:restart|scale|roll ?back|delete|increase|decrease|add|remove|replace|fix|resolve|mitigate|drain|expand"
    r"|upgrade|kill|clean|reduce|fail ?over"
    r"|re-?deploy|recreate|reboot|free up|disable|enable|adjust|update|change|revert|stop|start|move|rebalance"
    r"|re-?create|run|apply|raise|tune|no action"
    r"|silence|ignore|contact|escalate)\b",
    re.I,
)


def _check(document: Document) -> Iterator[Hit]:
    if not is_incident_document(document) or changes(document):
        return
    if any(_REMEDY.match(heading.text) for heading in document.headings):
        return
    if len(document.prose) > 200 and not _IMPERATIVE.search(document.words):
        yield Hit(top(document), "the document explains the incident but names no remedy")


RULE = Rule(
    code="RB104",
    name="no-remedy",
    severity=Severity.WARNING,
    summary="A runbook explains an incident and names no remedy.",
    why="The reader knows more and can do nothing. Name what restores the service, even if it is a fallback or a "
    "person.",
    fires="# QueueLag\n\n## Meaning\n\nThe consumers of the queue lag behind its producers by more than a thousand "
    "messages.\n\n"
    "## Impact\n\nMail is late by minutes, and customers wait for the mail that confirms their orders. The queue "
    "holds the mail of a day.\n\n"
    "## Diagnosis\n\nLook at the length of the queue in the dashboard of the team.\n",
    silent="# QueueLag\n\n## Meaning\n\nThe consumers of the queue lag behind its producers by more than a thousand "
    "messages.\n\n"
    "## Impact\n\nMail is late by minutes, and customers wait for the mail that confirms their orders. The queue "
    "holds the mail of a day.\n\n"
    "## Mitigation\n\nScale the consumers to six.\n",
    check=_check,
)
