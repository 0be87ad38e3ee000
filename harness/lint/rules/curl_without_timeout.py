"""RB305: a request without a limit of time."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown


def _check(document: Document) -> Iterator[Hit]:
    for command in document.commands:
        if command.program != "curl" or "timeout" in command.prefix or len(command.words) < 2:
            continue
        if not command.has("-m", "--max-time", "--connect-timeout"):
            yield at(command, f"{shown(command.text)} has no limit of time; add `--max-time 10`")


RULE = Rule(
    code="RB305",
    name="curl-without-timeout",
    severity=Severity.NOTE,
    summary="curl is called without a limit of time.",
    why="A service that accepts connections and does not answer, the usual case of an overload, holds the step for "
    "minutes.",
    fires="```bash\ncurl -f http://api.shop.test/health\n```\n",
    silent="```bash\ncurl -f --max-time 10 http://api.shop.test/health\n```\n",
    check=_check,
    pedantic=True,
)
