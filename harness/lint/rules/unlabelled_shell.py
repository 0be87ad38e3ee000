"""RB206: a block of commands whose language is not named."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import whole_line


def _check(document: Document) -> Iterator[Hit]:
    for typed in document.shell.typed:
        if typed.block.fenced and not typed.block.lang:
            yield Hit(
                whole_line(document, typed.block.line), "the block holds shell but does not say so; label it `bash`"
            )


RULE = Rule(
    code="RB206",
    name="unlabelled-shell",
    severity=Severity.NOTE,
    summary="A block of commands does not name its language.",
    why="Readers and tools cannot distinguish commands from output. Label commands `bash`, sessions `console`, output "
    "`text`.",
    fires="```\nkubectl get nodes\n```\n",
    silent="```bash\nkubectl get nodes\n```\n",
    check=_check,
    pedantic=True,
)
