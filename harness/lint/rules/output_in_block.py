"""RB203: output between the commands of a shell block."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown, whole_line
from harness.lint.typed import SHELLS


def _check(document: Document) -> Iterator[Hit]:
    for typed in document.shell.typed:
        if typed.block.lang in SHELLS and typed.output and any(typed.lines):
            line = typed.output[0]
            text = document.lines[line - 1].strip()
            yield Hit(whole_line(document, line), f"{shown(text)} is output, but stands in a block of commands")


RULE = Rule(
    code="RB203",
    name="output-in-block",
    severity=Severity.WARNING,
    summary="A shell block mixes commands with their output.",
    why="Pasted as a whole, the output is run as commands. Put it into a block of its own, or label the block "
    "`console`.",
    fires="```bash\nkubectl get nodes\nNAME   STATUS   ROLES\nn1     Ready    worker\n```\n",
    silent="```bash\nkubectl get nodes\n```\n\n```text\nNAME   STATUS   ROLES\nn1     Ready    worker\n```\n",
    check=_check,
)
