"""RB304: a step that opens an editor."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.facts import asked, at, shown
from harness.lint.names import names

_EDITORS = names(
    """
    vi vim nvim nano emacs pico visudo vigr vipw
    """
)


def _check(document: Document) -> Iterator[Hit]:
    for command in asked(document):
        if _opens_editor(command):
            yield at(
                command,
                f"{shown(command.text)} opens an editor: what is changed is neither written down nor repeatable",
            )


def _opens_editor(command: Command) -> bool:
    call = kubectl.read(command)
    if call is not None:
        return call.verb == "edit"
    if command.program in _EDITORS:
        return True
    pairs = {"crontab": "-e", "systemctl": "edit", "virsh": "edit"}
    return pairs.get(command.program, "\0") in command.argv[1:3]


RULE = Rule(
    code="RB304",
    name="interactive-editor",
    severity=Severity.WARNING,
    summary="A step opens an editor.",
    why="The edit is done by hand under stress, every time differently, and no tool can run or review it. Write the "
    "change as a "
    "command: `kubectl patch`, `kubectl set`, `sed -i`, or a file that is applied.",
    fires="```bash\nkubectl edit deployment/api -n shop\n```\n",
    silent="```bash\nkubectl set env deployment/api LOG_LEVEL=debug -n shop\n```\n",
    check=_check,
)
