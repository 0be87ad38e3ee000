"""RB522: a command that keeps all others of a database waiting."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.facts import at, has_guard, is_asked, shown
from harness.lint.names import names
from harness.lint.patterns import lazy

_SQL_PROGRAMS = names("psql gitlab-psql")
_LOCKS = lazy(
    r"\bVACUUM\s+(?:\(\s*)?FULL\b|\bCREATE\s+(?:UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)|\bREINDEX\s+(?!.*CONCURRENTLY)"
    r"|\bCLUSTER\s+\w",
    re.I,
)


def _check(document: Document) -> Iterator[Hit]:
    for command in document.commands:
        what = _blocks(command)
        if what and is_asked(document, command) and not has_guard(document, command):
            yield at(command, f"{shown(command.text)} {what}")


def _blocks(command: Command) -> str:
    words = command.argv[1:]
    if command.program == "redis-cli" and any(word in ("KEYS", "keys") for word in words):
        return "goes through every key while all other clients wait; use `redis-cli --scan --pattern`"
    if command.program in _SQL_PROGRAMS and any(_LOCKS.search(word) for word in words):
        return "locks the table against writes until it ends"
    return ""


RULE = Rule(
    code="RB522",
    name="blocks-database",
    severity=Severity.WARNING,
    summary="A command keeps every other client of a database waiting.",
    why="Redis answers no other client during `KEYS`, a table is locked during `VACUUM FULL`: the check becomes the "
    "incident. Use the form that does not block, or say that the service stands still and for how long.",
    fires='```bash\nredis-cli KEYS "session:*"\n```\n',
    silent='```bash\nredis-cli --scan --pattern "session:*"\n```\n',
    check=_check,
)
