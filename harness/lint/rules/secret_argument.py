"""RB521: a secret among the arguments of a command."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.facts import at, shown
from harness.lint.patterns import lazy

_NAMED = lazy(r"^--(?:password|pass|passwd|secret|api-?key)(?P<value>=.+)?$")
_SHORT = {
    "redis-cli": ("-a", "--pass"),
    "cypher-shell": ("-p",),
    "sshpass": ("-p",),
    "docker": ("-p",),
    "podman": ("-p",),
}
"""Options with a password, by program; of docker and podman those of `login`."""


def _check(document: Document) -> Iterator[Hit]:
    seen: set[int] = set()
    for command in document.commands:
        if command.source.block is None or command.source.block.line in seen:
            continue
        option = _option(command)
        if option:
            seen.add(command.source.block.line)
            yield at(command, f"{shown(command.text)} passes a secret as the argument `{option}`")


def _option(command: Command) -> str:
    """The option whose argument is a secret, or ""."""
    short = _SHORT.get(command.program, ())
    if command.program in ("docker", "podman") and "login" not in command.argv[1:3]:
        short = ()
    for at_word, word in enumerate(command.argv[1:], start=1):
        follows = command.argv[at_word + 1] if at_word + 1 < len(command.argv) else ""
        named = _NAMED.match(word)
        if named and (named["value"] or (follows and not follows.startswith("-"))):
            return word.split("=")[0]
        if word in short and follows:
            return word
    return ""


RULE = Rule(
    code="RB521",
    name="secret-argument",
    severity=Severity.NOTE,
    summary="A secret is an argument of a command.",
    why="Every user of the machine sees it in the list of processes, and it stays in the history of the shell. Pass it "
    "by a variable of the environment that the program reads (`REDISCLI_AUTH`), a file, or stdin "
    "(`--password-stdin`).",
    fires='```bash\nPASS=$(cat pass)\ndocker login -u ci -p "$PASS" registry.shop.test\n```\n',
    silent="```bash\ndocker login -u ci --password-stdin registry.shop.test < pass\n```\n",
    check=_check,
)
