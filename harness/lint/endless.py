"""Commands that run until they are ended."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.commands import Command
from harness.lint.document import Document

_RUNS = "runs until it is ended"


def endless(document: Document) -> Iterator[tuple[Command, str]]:
    """The commands of the operator that never end by themselves, with what they do instead."""
    for pipeline in document.pipelines:
        ended = any(_ends_early(command) for command in pipeline.commands)
        for command in pipeline.commands:
            why = "" if ended or "timeout" in command.prefix else _why(command)
            if why and not _in_background(document, command):
                yield command, why


def _ends_early(command: Command) -> bool:
    """Whether a stage ends its pipeline: `head`, `grep -m 1`, `grep -q`."""
    return command.program == "head" or (
        command.program == "grep" and command.has("-m", "-q", "--max-count", "--quiet")
    )


def _in_background(document: Document, command: Command) -> bool:
    """Whether `&` stands behind it on its line."""
    line = document.lines[command.place.line - 1]
    rest = line[command.words[-1].place.end - 1 :] if command.words[-1].place.line == command.place.line else line
    return bool(re.search(r"(?<![&>])&(?![&>\d])", rest))


def _why(command: Command) -> str:
    if "watch" in command.prefix or command.program == "watch":
        return "repeats until it is ended"
    call = kubectl.read(command)
    if call is not None:
        return _kubectl(call)
    if command.program in ("tail", "journalctl"):
        return "follows the log until it is ended" if command.has("-f", "-F", "--follow") else ""
    if command.program in ("docker", "podman", "docker-compose", "nerdctl", "crictl"):
        follows = "logs" in command.argv[1:6] and command.has("-f", "--follow")
        stats = "stats" in command.argv[1:2] and not command.has("--no-stream")
        return "follows the log until it is ended" if follows else "repeats until it is ended" if stats else ""
    return _other(command)


def _kubectl(call: kubectl.Kubectl) -> str:
    if call.verb in ("logs", "log"):
        return "follows the log until it is ended" if _is_on(call, "--follow") else ""
    if call.verb in ("get", "events") and any(_is_on(call, flag) for flag in ("-w", "--watch", "--watch-only")):
        return "watches until it is ended"
    return f"keeps the terminal: it {_RUNS}" if call.verb in ("port-forward", "proxy") else ""


def _is_on(call: kubectl.Kubectl, flag: str) -> bool:
    return call.options.get(flag, "false") != "false"


def _other(command: Command) -> str:
    program = command.program
    if program == "ping" and not command.has("-c", "-w", "--count"):
        return _RUNS
    if program == "tcpdump" and not command.has("-c", "-G", "-W", "-r"):
        return _RUNS
    if program in ("stern", "kubetail") and not command.has("--no-follow"):
        return "follows the logs until it is ended"
    return _RUNS if program in ("htop", "atop", "iotop") or (program == "top" and not command.has("-b", "-n")) else ""
