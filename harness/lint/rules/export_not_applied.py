"""RB711: a variable that is set in the operator's shell and not in the service."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.facts import shown, whole_line
from harness.lint.page import Block
from harness.lint.patterns import lazy
from harness.lint.typed import SHELLS

_EXPORT = lazy(r"^\s*export\s+(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)=")


def _check(document: Document) -> Iterator[Hit]:
    if "export " not in document.text:
        return
    restarts = [command for command in document.commands if command.source.block is not None and _restarts(command)]
    for command in restarts:
        block = command.source.block
        if block is not None and block.lang in SHELLS:
            yield from _unused(document, block, command)


def _restarts(command: Command) -> bool:
    call = kubectl.read(command)
    if call is not None:
        return call.verb == "rollout" and call.sub == "restart"
    return command.program == "systemctl" and command.argv[1:2] == ("restart",)


def _unused(document: Document, block: Block, restart: Command) -> Iterator[Hit]:
    """The exports above a restart in its block that no line uses."""
    for row, line in enumerate(block.lines[: restart.place.line - block.first]):
        found = _EXPORT.match(line) if "export" in line else None
        if found and f"${found['name']}" not in document.text and f"${{{found['name']}" not in document.text:
            yield Hit(
                whole_line(document, block.first + row),
                f"`{found['name']}` is set in the operator's shell, which {shown(restart.text)} does not pass on",
            )


RULE = Rule(
    code="RB711",
    name="export-not-applied",
    severity=Severity.ERROR,
    summary="A variable is exported in the operator's shell, and the service is restarted as if it had it.",
    why="The new pods have the old value: the remedy does nothing, and looks as if it had been applied. Use "
    "`kubectl set env`, or change the configuration of the service.",
    fires="```bash\nexport RATE_LIMIT=low\nkubectl rollout restart deployment/api -n shop\n```\n",
    silent="```bash\nkubectl set env deployment/api RATE_LIMIT=low -n shop\n"
    "kubectl rollout status deployment/api -n shop\n```\n",
    check=_check,
)
