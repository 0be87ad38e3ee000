"""RB514: a workload is scaled to zero and nothing scales it up again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown
from harness.lint.patterns import lazy

_UP = lazy(
    r"\bscale[sd]?\b[^\n]{0,60}\b(?:up|back|again|original|previous)\b|--replicas[= ][\"']?(?:[1-9]|\$|<|\{|N)", re.I
)


def _check(document: Document) -> Iterator[Hit]:
    for call in kubectl.calls(document):
        if call.verb == "scale" and call.options.get("--replicas") == "0":
            below = "\n".join(document.lines[call.command.place.line - 1 :])
            if not _UP.search(below):
                yield at(
                    call.command, f"{shown(call.command.text)} takes the service down, and nothing scales it up again"
                )


RULE = Rule(
    code="RB514",
    name="scale-to-zero",
    severity=Severity.ERROR,
    summary="A workload is scaled to zero, and no later step scales it up.",
    why="The service is down, and the number of replicas that it had is lost. Note the number first and write the "
    "command that restores it.",
    fires="```bash\nkubectl scale deployment/worker --replicas=0 -n shop\n```\n",
    silent="```bash\nkubectl scale deployment/worker --replicas=0 -n shop\nkubectl scale deployment/worker "
    "--replicas=3 -n shop\n```\n",
    check=_check,
)
