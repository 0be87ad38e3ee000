"""RB518: processes are ended by a part of their command line."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import asked, at, only_signals, shown


def _check(document: Document) -> Iterator[Hit]:
    for command in asked(document):
        broad = command.program == "killall" or (command.program == "pkill" and command.has("-f", "--full"))
        if broad and not only_signals(command):
            yield at(command, f"{shown(command.text)} ends every process whose name or command line matches")


RULE = Rule(
    code="RB518",
    name="kill-by-name",
    severity=Severity.WARNING,
    summary="Processes are ended by a part of their name or command line.",
    why="The pattern also matches the editor with the log, another instance, or the shell itself. Restart the service "
    "by its manager, or "
    "end the process by its id.",
    fires="```bash\npkill -f worker\n```\n",
    silent="```bash\nsystemctl restart worker\n```\n",
    check=_check,
)
