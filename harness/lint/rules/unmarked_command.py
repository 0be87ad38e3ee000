"""RB211: a command that stands in the text as if it were prose."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown
from harness.lint.typed import unmarked


def _check(document: Document) -> Iterator[Hit]:
    for span in unmarked(document):
        yield Hit(
            span.place, f"{shown(span.text)} is a command, but stands in the text as prose; put it into a code block"
        )


RULE = Rule(
    code="RB211",
    name="unmarked-command",
    severity=Severity.NOTE,
    summary="A command stands in the text as if it were prose.",
    why="Markdown changes it: two hyphens become a dash, `<pod>` disappears, underscores become italics. What is "
    "copied from the page is "
    "another command.",
    fires="Look at the pods:\n\nkubectl get pods -n shop --show-labels\n",
    silent="Look at the pods:\n\n```bash\nkubectl get pods -n shop --show-labels\n```\n",
    check=_check,
)
