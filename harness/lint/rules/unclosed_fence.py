"""RB114: a code block that is never closed, so that the rest of the document is code."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import whole_line


def _check(document: Document) -> Iterator[Hit]:
    for block in document.blocks:
        if not block.closed:
            yield Hit(
                whole_line(document, block.line), "this code block is never closed: the rest of the document is code"
            )


RULE = Rule(
    code="RB114",
    name="unclosed-fence",
    severity=Severity.ERROR,
    summary="A code block is never closed.",
    why="All text below is shown as code, headings and warnings included. Close the fence with as many signs as it "
    "was opened with.",
    fires="# ApiDown\n\n```bash\nuptime\n\n## Escalation\n\nCall the platform team.\n",
    silent="# ApiDown\n\n```bash\nuptime\n```\n\n## Escalation\n\nCall the platform team.\n",
    check=_check,
)
