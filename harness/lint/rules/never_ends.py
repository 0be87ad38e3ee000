"""RB301: a command that never ends where the text does not say that it is meant to be watched."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.endless import endless
from harness.lint.facts import at, is_asked, near, shown
from harness.lint.patterns import lazy

_MEANT = lazy(
    r"\b(?:watch(?:ing)?|follow(?:ing|ed)?|tail(?:ing)?|stream(?:ing)?|live|real[- ]time|monitor(?:ing)?|ctrl[- +]?c"
    r"|\^C|keep an eye"
    r"|wait(?:ing)? (?:for|until)|observe|until (?:it|the|all)|progress|separate (?:terminal|shell|window)|another "
    r"(?:terminal|shell|window|tab)"
    r"|interactive(?:ly)?|in the background|forward|leave (?:it|this) running"
    r"|start(?:ing)? (?:the|a|an|new)|terminate|abort|dump|captur\w+)\b",
    re.I,
)


def _check(document: Document) -> Iterator[Hit]:
    for command, why in endless(document):
        if "watch" in (command.program, *command.prefix):
            continue  # its name says that it is to be watched
        if is_asked(document, command) and not _MEANT.search(near(document, command.place.line, above=5, below=2)):
            yield at(command, f"{shown(command.text)} {why}")


RULE = Rule(
    code="RB301",
    name="never-ends",
    severity=Severity.WARNING,
    summary="A command never ends, and nothing says that it is to be watched.",
    why="A person under stress waits for it, and a tool that runs the step hangs. Bound it (`--since=10m`, "
    "`--tail=200`, `-c 5`, "
    "`timeout 60 …`), or say that it is to be watched and what to look for.",
    fires="Check the errors:\n\n```bash\nkubectl logs -f deployment/api -n prod | grep -i error\n```\n",
    silent="Watch the errors, and end with Ctrl-C:\n\n```bash\nkubectl logs -f deployment/api -n prod | grep -i "
    "error\n```\n",
    check=_check,
)
