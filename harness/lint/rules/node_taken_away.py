"""RB513: a machine is rebooted or drained without a word about what runs on it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.facts import asked, at, has_guard, shown


def _check(document: Document) -> Iterator[Hit]:
    drained = False
    for command in asked(document):
        drained = drained or "drain" in command.argv[1:3] or "cordon" in command.argv[1:3]
        if _takes_away(command) and not drained and not has_guard(document, command):
            yield at(
                command, f"{shown(command.text)} takes the machine away, and nothing says what moves its work first"
            )


def _takes_away(command: Command) -> bool:
    if command.program in ("reboot", "poweroff", "halt") or (
        command.program == "shutdown" and "-c" not in command.argv
    ):
        return True
    if command.program == "systemctl":
        return command.argv[1:2] in (("reboot",), ("poweroff",))
    return command.program == "aws" and command.argv[2:3] in (("reboot-instances",), ("stop-instances",))


RULE = Rule(
    code="RB513",
    name="node-taken-away",
    severity=Severity.WARNING,
    summary="A machine is rebooted or stopped without moving its work first.",
    why="Everything on it fails at once, which may be more than the incident. Drain it, or say what runs there and "
    "who has agreed.",
    fires="```bash\nssh node-3.shop.test sudo reboot\n```\n",
    silent="```bash\nkubectl drain node-3 --ignore-daemonsets --delete-emptydir-data\nssh node-3.shop.test sudo "
    "reboot\n```\n",
    check=_check,
)
