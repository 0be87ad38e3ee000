"""RB712: a setting that a command overwrites, with no word of the value before."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.facts import at, is_dry, near, shown
from harness.lint.patterns import lazy

_VARIABLE = lazy(r"(?P<name>[A-Za-z_]\w*)=.*", re.S)
_SQL = lazy(
    r"\b(?:SET\s+CLUSTER\s+SETTING|ALTER\s+SYSTEM\s+SET|SET\s+(?:GLOBAL|PERSIST))\s+(?P<name>[\w.]+)\s*(?:=|TO\b)", re.I
)
_SQL_PROGRAMS = ("psql", "mysql", "cockroach", "gitlab-psql")
_OLD = lazy(
    r"\bfrom\s+\S+\s+to\b|\bdefaults?\b|\bcurrent\w*\b|\bwas\b|\bprevious\w*|\bold value|\boriginal\w*"
    r"|\bnote (?:the|down)|\brecord\b",
    re.I,
)


def _check(document: Document) -> Iterator[Hit]:
    for command in document.commands:
        name = _setting(command) if command.source.block is not None and not is_dry(command) else ""
        if name and not _is_named_twice(document, name) and not _OLD.search(near(document, command.place.line)):
            yield at(command, f"{shown(command.text)} overwrites {shown(name)}, and nothing says what it was before")


def _is_named_twice(document: Document, name: str) -> bool:
    """Whether the document speaks of the setting elsewhere: sets it back, or explains it."""
    return len(re.findall(rf"(?<![\w.]){re.escape(name)}(?!\w)", document.text)) > 1


def _setting(command: Command) -> str:
    """The name of the setting that a command overwrites; "" where it overwrites none."""
    call = kubectl.read(command)
    if call is not None:
        return _of_kubectl(call)
    words = command.argv[1:]
    if command.program == "redis-cli":
        behind = " ".join(words).lower().partition("config set ")[2].split()
        return behind[0] if len(behind) > 1 else ""
    if command.program in _SQL_PROGRAMS:
        return next((found["name"] for word in words if (found := _SQL.search(word))), "")
    return ""


def _of_kubectl(call: kubectl.Kubectl) -> str:
    if call.verb != "set":
        return ""
    if call.sub == "resources":
        return next((name for name in ("--limits", "--requests") if name in call.options), "")
    words = call.command.argv[3:] if call.sub == "env" else ()
    return next((found["name"] for word in words if (found := _VARIABLE.fullmatch(word))), "")


RULE = Rule(
    code="RB712",
    name="setting-without-old-value",
    severity=Severity.NOTE,
    summary="A command overwrites a setting, and the value before is not stated.",
    why="After the incident it is not known what to set it back to. State the value in use, or read it first "
    "(`kubectl set env deployment/api --list`, `CONFIG GET`, `SHOW`).",
    fires="```bash\nkubectl set env deployment/api RATE_LIMIT=20 -n shop\n```\n",
    silent="Lower the limit from 100 to 20:\n\n```bash\nkubectl set env deployment/api RATE_LIMIT=20 -n shop\n```\n",
    check=_check,
)
