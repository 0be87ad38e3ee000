"""RB411: a placeholder in angle brackets in a command that only reads."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import is_change
from harness.lint.rules.angle_placeholder import hits


def _check(document: Document) -> Iterator[Hit]:
    return hits(document, lambda command: not is_change(command))


RULE = Rule(
    code="RB411",
    name="angle-placeholder-in-read",
    severity=Severity.NOTE,
    summary="A command that only reads has a placeholder that the shell reads as a redirection.",
    why="The form is a convention that people know, and the command only fails; a variable that is set above also "
    "runs.",
    fires="```bash\nkubectl logs <pod> -n shop --since=5m\n```\n",
    silent='```bash\nPOD=api-0\nkubectl logs "$POD" -n shop --since=5m\n```\n',
    check=_check,
    pedantic=True,
)
