"""RB302: commands behind one that never ends."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.endless import endless
from harness.lint.facts import at, shown


def _check(document: Document) -> Iterator[Hit]:
    for command, why in endless(document):
        if command.source.block is None or command.looped:
            continue
        after = document.behind(command)
        if after is not None:
            yield at(after, f"{shown(after.text)} is never reached: {shown(command.text)} above it {why}")


RULE = Rule(
    code="RB302",
    name="unreachable-command",
    severity=Severity.ERROR,
    summary="A command in a block is never reached, since one above it never ends.",
    why="A reader who pastes the block waits at the first command and believes that the rest ran. Bound it "
    "(`--since=10m`, "
    "`--tail=200`, `timeout 60 …`), or give it a block of its own as the last step.",
    fires="```bash\nkubectl logs -f deployment/api -n prod\nkubectl rollout restart deployment/api -n prod\n```\n",
    silent="```bash\nkubectl logs --since=10m deployment/api -n prod\nkubectl rollout restart deployment/api -n "
    "prod\n```\n",
    check=_check,
)
