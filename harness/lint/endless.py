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
    words = command.argv[1:5]
    if any(all(word in words for word in needed) for needed in _FOLLOWING.get(program, ())):
        return _RUNS
    if program == "go" and words[:2] == ("tool", "pprof"):
        return f"serves the profile: it {_RUNS}" if any(word.startswith(("-http", "--http")) for word in words) else ""
    return _RUNS if program in _SCREENS or (program == "top" and not command.has("-b", "-n")) else ""


_SCREENS = ("htop", "atop", "iotop", "btop", "k9s", "etcd", "mongostat", "nvtop")
"""Programs that fill the screen or serve until they are ended."""
_FOLLOWING = {
    "linkerd": (("top",), ("tap",), ("dashboard",)),
    "istioctl": (("dashboard",),),
    "minikube": (("dashboard",), ("tunnel",)),
    "redis-cli": (("monitor",), ("MONITOR",), ("--latency",), ("--stat",)),
    "aws": (("logs", "tail", "--follow"),),
    "gcloud": (("tail",),),
    "hubble": (("observe", "-f"), ("observe", "--follow")),
    "heroku": (("logs", "--tail"), ("logs", "-t")),
    "perf": (("top",),),
    "python": (("-m", "http.server"),),
    "python3": (("-m", "http.server"),),
}
"""By program, the sets of words with one of which it goes on until it is ended."""
