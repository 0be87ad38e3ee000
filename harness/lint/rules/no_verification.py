"""RB101: a document that changes a service and never checks whether it helped."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.engine import top
from harness.lint.facts import changes, is_incident_document
from harness.lint.patterns import lazy

_CHECKED = lazy(
    r"\b(?:verif\w+|validat\w+|confirm\w*|(?:should|will) (?:now )?(?:be|see|show|return|recover|clear|resolve"
    r"|disappear|go away|start|drop)"
    r"|check (?:that|if|whether|the status)|make sure|ensure|monitor\w*|observe|watch|wait (?:for|until)|expected "
    r"(?:output|result)"
    r"|resolved|recover(?:s|ed)|healthy|success\w*|back to normal|look for|test(?:ed|ing)? (?:that|the|it)|smoke "
    r"test)\b",
    re.I,
)


def _check(document: Document) -> Iterator[Hit]:
    made = changes(document)
    if not made or not is_incident_document(document):
        return
    after = document.words.split("\n")[made[0].place.line - 1 :]
    reads_after = any(
        command.statement > made[-1].statement and command.source.block is not None for command in document.commands
    )
    if not reads_after and not _CHECKED.search("\n".join(after)):
        yield Hit(top(document), "the document changes the service but never says how to see that it helped")


RULE = Rule(
    code="RB101",
    name="no-verification",
    severity=Severity.WARNING,
    summary="A runbook changes a service and never says how to see that it helped.",
    why="The incident is closed on hope. Name the check that proves recovery: the command, the metric with its "
    "threshold, and how "
    "long to wait for it.",
    fires="# ApiDown\n\n## Symptoms\n\nErrors.\n\n## Mitigation\n\n```bash\nkubectl rollout restart deployment/api -n "
    "shop\n```\n",
    silent="# ApiDown\n\n## Symptoms\n\nErrors.\n\n## Mitigation\n\n```bash\nkubectl rollout restart deployment/api "
    "-n shop\n"
    "kubectl rollout status deployment/api -n shop --timeout=2m\n```\n",
    check=_check,
)
