"""A `kubectl` for the platforms without Kubernetes: same output, messages and exit status as the original.

It reads and changes only the `Cluster` of api.py, whatever implements it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from harness.cluster.api import Cluster, NotFound
from harness.cluster.kubectl import usage
from harness.cluster.kubectl.commands import COMMANDS, Command
from harness.cluster.kubectl.errors import Failure, not_found
from harness.cluster.kubectl.flag_groups import GLOBAL
from harness.cluster.kubectl.flags import Parsed, parse
from harness.cluster.kubectl.session import Out, Session

__all__ = ["run"]


async def run(
    argv: Sequence[str],
    cluster: Cluster,
    out: Out,
    stdin: bytes | None,
    tty: bool,
    *,
    now: Callable[[], float] = time.time,
) -> int:
    """Run one kubectl command and return its exit status.

    `argv` excludes the program's name. `out(1, data)` writes to stdout, `out(2, data)` to stderr. `tty`: whether the
    caller's stdin is a terminal. `now` returns epoch seconds. Cancel the task when the caller disconnects.
    """
    try:
        return await _run_command(list(argv), cluster, out, stdin, tty, now)
    except (Failure, NotFound) as error:
        failure = not_found(error) if isinstance(error, NotFound) else error
    await out(2, f"{failure}\n".encode())
    return failure.status


async def _run_command(
    argv: list[str], cluster: Cluster, out: Out, stdin: bytes | None, tty: bool, now: Callable[[], float]
) -> int:
    before, rest = parse(argv, GLOBAL, "See 'kubectl --help' for usage.", first_only=True)
    if not rest:
        await out(1, f"{usage.root_help()}\n".encode())
        return 0
    command = _named(COMMANDS, rest[0])
    if command is None:
        raise usage.unknown(rest[0])
    command, path, rest, before = _descend(command, rest[1:], before)
    if command.run is None:
        await out(2, f"{usage.help_of(command, path)}\n".encode())
        return 1
    parsed, _ = parse(rest, (*GLOBAL, *command.flags), f"See 'kubectl {path} --help' for usage.")
    parsed.values = {**before.values, **parsed.values}
    if parsed.flag("help"):
        await out(1, f"{usage.help_of(command, path)}\n".encode())
        return 0
    return await command.run(Session(cluster, out, stdin, tty, now, path, parsed))


def _descend(command: Command, rest: list[str], before: Parsed) -> tuple[Command, str, list[str], Parsed]:
    """The subcommand of a group, selected by the first argument that is not a flag; flags before it are global."""
    if not command.commands and not (rest and rest[0] in command.unsupported_commands.split()):
        return command, command.name, rest, before
    between, left = parse(rest, GLOBAL, f"See 'kubectl {command.name} --help' for usage.", first_only=True)
    if not left:
        return command, command.name, rest, before
    found = _named(command.commands, left[0])
    if found is None:
        names = [arg for arg in left if not arg.startswith("-")]
        raise usage.unknown_subcommand(command, names[:2])
    return found, f"{command.name} {found.name}", left[1:], Parsed({**before.values, **between.values})


def _named(commands: Sequence[Command], name: str) -> Command | None:
    return next((each for each in commands if name == each.name or name in each.aliases), None)
