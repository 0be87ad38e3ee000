"""RB501: a command that destroys data, with no word of warning and no condition."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.destructive import destroys
from harness.lint.document import Document
from harness.lint.facts import asked, at, has_guard, shown


def _check(document: Document) -> Iterator[Hit]:
    for command in asked(document):
        what = destroys(command)
        if what and not has_guard(document, command):
            yield at(command, f"{shown(command.text)} {what}, and nothing says when that is safe or how to get it back")


RULE = Rule(
    code="RB501",
    name="destructive-without-guard",
    severity=Severity.ERROR,
    summary="A command destroys data without a warning, a condition or a backup.",
    why="It is pasted by someone tired at night. Say what is lost, when it may run, what has to be saved before, and "
    "show a check "
    "(`--dry-run`, a listing) before the destroying command.",
    fires="Clean up:\n\n```bash\nkubectl delete pvc data-db-0 -n shop\n```\n",
    silent="Warning: this deletes the data of the replica. Make sure that another replica is in sync.\n\n"
    "```bash\nkubectl delete pvc data-db-0 -n shop\n```\n",
    check=_check,
)
