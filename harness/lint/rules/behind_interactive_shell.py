"""RB312: commands in the same block behind one that opens a shell elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.facts import at, shown
from harness.lint.typed import SHELLS
from harness.lint.words import Word, inner

_CLIENTS = (
    "psql",
    "mysql",
    "redis-cli",
    "mongo",
    "mongosh",
    "cqlsh",
    "python",
    "python3",
    "irb",
    "sqlite3",
    "gitlab-psql",
)
_SHELLS = ("sh", "bash", "ash", "zsh", "/bin/sh", "/bin/bash")


def _check(document: Document) -> Iterator[Hit]:
    sessions = {id(each.block) for each in document.shell.typed if each.prompts}
    for command in document.commands:
        block = command.source.block
        if block is None or block.lang not in SHELLS or command.inside or command.nested or not _opens_shell(command):
            continue
        after = document.behind(command)
        if after is not None and id(block) not in sessions:
            yield at(after, f"{shown(after.text)} stands behind {shown(command.text)}, which opens a shell of its own")


def _opens_shell(command: Command) -> bool:
    if command.redirects:
        return False
    if command.program == "ssh":
        plain = [word.text for word in command.words[1:]]
        return inner(command.words) is None and bool(plain) and not command.has("-N", "-f", "-V", "-Q", "-O", "-T")
    inside = inner(command.words)
    if (
        command.program in ("kubectl", "oc", "docker", "podman")
        and inside is not None
        and not isinstance(inside.content, Word)
    ):
        return len(inside.content) == 1 and inside.content[0].text in _SHELLS
    return command.program == "su" and len(command.words) <= 3 and "-c" not in command.argv


RULE = Rule(
    code="RB312",
    name="behind-interactive-shell",
    severity=Severity.WARNING,
    summary="Commands stand in one block behind a command that opens a shell elsewhere.",
    why="Pasted or run as a script, they run on the operator's machine after the remote shell has ended, or are typed "
    "into a login "
    "prompt. Give the remote commands to `ssh HOST '…'` or `kubectl exec POD -- …`, or put them into a block of their "
    "own.",
    fires="```bash\nssh db-1.shop.test\nsudo systemctl restart postgresql\n```\n",
    silent="```bash\nssh db-1.shop.test 'sudo systemctl restart postgresql'\nuptime\n```\n",
    check=_check,
)
