"""RB205: an ellipsis in place of a part of a command."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown


def _check(document: Document) -> Iterator[Hit]:
    for command in document.commands:
        if command.source.block is None:
            continue
        for word in command.words:
            if word.text in ("...", "…", "[...]", "[…]", "<...>") and len(command.words) > 1:
                yield Hit(word.place, f"{shown(command.text)} leaves a part out; write the whole command")


RULE = Rule(
    code="RB205",
    name="ellipsis-in-command",
    severity=Severity.WARNING,
    summary="A command leaves a part out.",
    why="The reader has to guess options in an incident. Write the whole command, with placeholders that are "
    "explained.",
    fires="```bash\nkubectl patch deployment/api -n shop ...\n```\n",
    silent="```bash\nkubectl rollout undo deployment/api -n shop\n```\n",
    check=_check,
)
