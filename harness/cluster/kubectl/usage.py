"""The help of commands, and suggestions for mistyped ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.cluster.kubectl.commands import COMMANDS, EVERY_NAME, Command
from harness.cluster.kubectl.errors import Failure

NEAR = 2
"""Maximum edit distance of a suggestion."""


def root_help() -> str:
    rows = "\n".join(f"  {each.name:<15} {each.does}" for each in COMMANDS)
    return f"kubectl controls this platform; it reaches no other cluster.\n\nCommands:\n{rows}\n\n{MORE}"


MORE = 'Use "kubectl <command> --help" for more information about a given command.'


def help_of(command: Command, path: str) -> str:
    """The help of one command or group."""
    if command.commands:
        rows = "\n".join(f"  {each.name:<15} {each.does}" for each in command.commands)
        return f"{command.does}.\n\nAvailable Commands:\n{rows}\n\nUsage:\n  kubectl {path} SUBCOMMAND [options]"
    flags = "\n".join(
        f"    {f'-{flag.short}, ' if flag.short else ''}--{flag.name}{'' if flag.kind == 'bool' else '='}"
        for flag in sorted(command.flags, key=lambda flag: flag.name)
        if not flag.why
    )
    return f"{command.does}.\n\nOptions:\n{flags}\n\nUsage:\n  kubectl {path} {command.usage} [options]"


def unknown(name: str) -> Failure:
    """The error for a command that does not exist, or is not implemented."""
    if name in EVERY_NAME.split():
        have = ", ".join(each.name for each in COMMANDS)
        return Failure(f"error: this platform's kubectl does not support {name} yet; it has {have}")
    near = [
        each for each in EVERY_NAME.split() if each.startswith(name.lower()) or _distance(name.lower(), each) <= NEAR
    ]
    meant = "\n\nDid you mean this?\n" + "\n".join(f"\t{each}" for each in near) if near else ""
    return Failure(f'error: unknown command "{name}" for "kubectl"{meant}')


def unknown_subcommand(command: Command, names: Sequence[str]) -> Failure:
    path = command.name
    if names and names[0] in command.unsupported_commands.split():
        return Failure(
            f"error: this platform's kubectl does not support {path} {names[0]} yet; see kubectl {path} --help"
        )
    return Failure(f"error: unknown command \"{' '.join(names)}\"\nSee 'kubectl {path} -h' for help and examples")


def _distance(one: str, other: str) -> int:
    """The Levenshtein distance."""
    row: Iterable[int] = range(len(other) + 1)
    for at, letter in enumerate(one, 1):
        above = list(row)
        now = [at]
        for column, wanted in enumerate(other, 1):
            now.append(min(above[column] + 1, now[-1] + 1, above[column - 1] + (letter != wanted)))
        row = now
    return list(row)[-1]
