"""RB520: a warning that stands behind the command that it warns of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import is_change, shown, whole_line
from harness.lint.patterns import lazy

_WARNING = lazy(r"^\W*(?:\w+\W+)?(?:important|warning|caution|danger|attention)\b", re.I)
_LOSS = lazy(
    r"\b(?:lost|loses?|loss|deletes?|destroys?|irreversible|cannot be undone|downtime|outage|interrupt\w*|before "
    r"(?:you|running|doing)"
    r"|make sure|do not|don't|never)\b",
    re.I,
)
_FARTHEST = 4
"""The most lines between the end of a block and its warning."""


def _check(document: Document) -> Iterator[Hit]:
    last = {}
    for command in document.commands:
        if command.source.block is not None and not command.inside and is_change(command):
            last[command.source.block.last] = command
    for end, command in last.items():
        found = _warning(document, end + 1)
        if found:
            fact = f"this warning stands behind {shown(command.text)}, of which it warns; put it above"
            yield Hit(whole_line(document, found), fact)


def _warning(document: Document, end: int) -> int:
    """The line of a warning just behind a block that ends on a line, 0 without one."""
    for number in range(end + 1, min(end + _FARTHEST, len(document.lines)) + 1):
        if document.kinds[number - 1] not in "pbc":
            return 0
        if document.kinds[number - 1] == "p":
            paragraph = "\n".join(document.lines[number - 1 : number + 3])
            return number if _WARNING.match(paragraph) and _LOSS.search(paragraph) else 0
    return 0


RULE = Rule(
    code="RB520",
    name="warning-too-late",
    severity=Severity.WARNING,
    summary="A warning stands behind the command that it warns of.",
    why="People run the steps in the order in which they stand, and read the warning when the data is gone. Put it "
    "above the command.",
    fires="```bash\ndocker compose restart redis\n```\n\n**Important:** what is only in memory is lost by the "
    "restart.\n",
    silent="**Important:** what is only in memory is lost by the restart.\n\n```bash\ndocker compose restart "
    "redis\n```\n",
    check=_check,
)
