"""RB401: a placeholder in angle brackets, which the shell reads as redirections."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.facts import is_change, shown
from harness.lint.patterns import lazy
from harness.lint.typed import SHELLS

_ANGLE = lazy(r"(?<![<\w])<(?P<name>[A-Za-z][\w .:/-]*)>")
_EXPLAINED = lazy(r"\b(?:replac\w+|substitut\w+|where)\b[^\n]{0,80}", re.I)


def hits(document: Document, concerns: Callable[[Command], bool]) -> Iterator[Hit]:
    """The first placeholder of the commands of shell blocks that are concerned, with the number of those commands."""
    if "<" not in document.text:
        return
    concerned = [
        command
        for command in document.commands
        if command.source.block is not None and command.source.block.lang in SHELLS and not command.inside
        if any("<" in word.raw for word in command.words) and concerns(command)
    ]
    if not concerned:
        return
    explained = " ".join(_EXPLAINED.findall(document.prose)).lower()
    found = [hit for command in concerned for hit in _of(command, explained)]
    if found:
        more = f" (so do {len(found) - 1} more commands)" if len(found) > 1 else ""
        yield Hit(found[0].place, f"{found[0].message}{more}")


def _of(command: Command, explained: str) -> Iterator[Hit]:
    for word in command.words:
        found = _ANGLE.search(word.raw) if "<" in word.raw else None
        if (
            found
            and word.raw[:1] not in "'\""
            and found["name"].lower() not in explained
            and found[0].lower() not in explained
        ):
            yield Hit(
                word.place,
                f"the shell reads {shown(found[0])} as redirections, and {shown(command.text)} lacks a name",
            )
            return


RULE = Rule(
    code="RB401",
    name="angle-placeholder",
    severity=Severity.WARNING,
    summary="A command that changes something has a placeholder that the shell reads as a redirection.",
    why="Pasted as it is, `<pod>` reads a file `pod` and `>` writes one named like the next word. Use a variable that "
    "is set above "
    '(`POD=…`, then `"$POD"`), and explain how to find its value.',
    fires="```bash\nkubectl delete pod <pod> -n shop\n```\n",
    silent='```bash\nPOD=api-0\nkubectl delete pod "$POD" -n shop\n```\n',
    check=lambda document: hits(document, is_change),
)
