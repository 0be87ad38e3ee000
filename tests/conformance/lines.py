"""All kubectl lines that the local platforms support: from the tables of commands, flags and kinds, from both runbooks,
and from the recordings.

In a line `{pod:NAME}` is replaced by a running pod of that Deployment and `{node}` by the node, on each side.
"""

from __future__ import annotations

import random
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import bindings
from harness.bash.parse import parse
from harness.bash.script import Call
from harness.cluster.kubectl.commands import COMMANDS, Command
from harness.cluster.kubectl.flags import Flag
from harness.cluster.kubectl.resources import RESOURCES, Resource
from harness.plan import make_plan
from harness.runbook import read
from harness.steps.placeholders import fill, pod_of
from tests.conformance.examples import (
    CHANGES,
    INTERRUPTED,
    LIKE_1_36,
    NO_NAMESPACE,
    OUTPUTS,
    PLAIN,
    TARGET_OF,
    TRUE,
    VALUES,
    VALUES_OF,
)
from tests.support.paths import ROOT

RECORDED = ROOT / "tests" / "data" / "kubectl"
RUNBOOKS = (ROOT / "runbooks" / "operations.md", ROOT / "tests" / "data" / "operations-user.md")
UNDO = "rollout undo deployment/api-gateway -n production"
"""Refused in the recording, which had no history. Here it has one, so it belongs to the changes."""
PASSING = (
    *("get pods -n production", "get all -n production", "logs deployment/realtime -n production"),
    "exec deployment/realtime -n production -- true",
)
"""Recorded lines about objects in transition, or that timed out; they are compared at rest, among the reads."""
SETTLE = "settle"
"""Not a kubectl line: wait until both sides have completed all changes."""

TOGETHER = ("trouble", "recorded: changes")
"""Sources whose lines depend on the lines before them, so they are never part of a sample."""
GLOBAL_NAMESPACE = "-n production"


@dataclass(frozen=True)
class Line:
    """One line without `kubectl`, and its source."""

    text: str
    source: str

    @property
    def endless(self) -> bool:
        """Whether the line never ends by itself, or not soon: it follows, watches or waits."""
        argv = shlex.split(self.text)
        follows = bool({"-f", "--follow", "-w", "--watch", "--watch-only"} & set(argv)) and argv[0] in ("logs", "get")
        return follows or self.text in INTERRUPTED


def reads() -> Iterator[Line]:
    """Lines that change nothing, in any order."""
    yield from _derived(changing=False)
    yield from _kinds()
    yield from (Line(f"{text} {GLOBAL_NAMESPACE}", "kubectl 1.36") for text in LIKE_1_36)
    yield from (Line(text, "kubectl 1.36") for text in INTERRUPTED)
    for name in ("healthy", "more", "broken"):
        yield from (line for line in _recorded(name) if line.text != UNDO)
    yield from dict.fromkeys(line for path in RUNBOOKS for line in _runbook(path, changing=False))


def changes() -> Iterator[Line]:
    """Lines in order, each with the state that the previous ones left; SETTLE where both sides have to be at rest."""
    for line in dict.fromkeys(line for path in RUNBOOKS for line in _runbook(path, changing=True)):
        if line.text.startswith("exec"):  # while pods are being replaced, the chosen pod is random
            yield Line(SETTLE, "")
        yield line
    yield Line(SETTLE, "")
    for line in _derived(changing=True):
        if (
            line.text.startswith("delete pod -") and "dry-run" not in line.text
        ):  # of all pods, whose number is random until the rollout is complete
            yield Line(SETTLE, "")
        yield line
    yield Line(SETTLE, "")
    yield from _trouble()
    yield from (line for line in _recorded("changes") if line.text not in PASSING)


def sample(lines: Sequence[Line], count: int, seed: str) -> list[Line]:
    """Choose `count` independent lines by the seed, in their order, and keep every SETTLE."""
    free = [number for number, line in enumerate(lines) if line.text != SETTLE and line.source not in TOGETHER]
    chosen = set(random.Random(seed).sample(free, min(count, len(free))))
    return [line for number, line in enumerate(lines) if number in chosen or line.text == SETTLE]


def _trouble() -> Iterator[Line]:
    """Lines about a Deployment whose image does not exist, and about one that no node is allowed to run."""
    texts = (
        "set image deployment/inference app=nope:1",
        "rollout status deployment/inference --timeout=2s",
        "get pods",
        "describe deployment inference",
        "rollout undo deployment/inference",
        SETTLE,
        """patch deployment inference -p '{"spec":{"template":{"spec":{"nodeSelector":{"disk":"none"}}}}}'""",
        "rollout status deployment/inference --timeout=2s",
        "get pods",
        "rollout undo deployment/inference",
        SETTLE,
        "get all",
    )
    yield from (Line(text if text == SETTLE else f"{text} {GLOBAL_NAMESPACE}", "trouble") for text in texts)


def _derived(*, changing: bool) -> Iterator[Line]:
    for path, command in _leaves():
        if (path in CHANGES) is changing:
            yield _line(path, PLAIN[path], "")
            for flag in command.flags:
                yield from _with(path, flag)


def _leaves() -> Iterator[tuple[str, Command]]:
    for command in COMMANDS:
        if command.run is not None:
            yield command.name, command
        yield from ((f"{command.name} {below.name}", below) for below in command.commands)


def _line(path: str, target: str, flag: str) -> Line:
    """A line with a flag before `--`; the rest is the command in the pod."""
    before, dashes, after = f"{path} {target}".partition(" -- ")
    parts = [before, flag, "" if path in NO_NAMESPACE else GLOBAL_NAMESPACE, dashes.strip(), after]
    return Line(" ".join(" ".join(parts).split()), f"flags of {path}")


def _with(path: str, flag: Flag) -> Iterator[Line]:
    if flag.why:
        return
    target = TARGET_OF.get((path, flag.name), PLAIN[path])
    yield from (_line(path, target, form) for form in _forms(path, flag))


def _forms(path: str, flag: Flag) -> Iterator[str]:
    """`--flag`, `--flag=false`, `-f`; with values `--flag=V`, `--flag V`, `-f V`.

    All commands share one parser, so changes, which are slow, use only the first and the short form.
    """
    reading = path not in CHANGES
    if flag.kind == "bool":
        yield from (f"--{flag.name}", *([f"--{flag.name}=false"] if reading or flag.name in TRUE else []))
        yield from [f"-{flag.short}"] if flag.short else []
        return
    first, *others = map(shlex.quote, VALUES_OF.get((path, flag.name), VALUES.get(flag.name, ())))
    yield f"--{flag.name}={first}"
    if reading and flag.bare is None:
        yield f"--{flag.name} {first}"
    if flag.short:
        yield f"-{flag.short} {first}"
    if reading or flag.name == "dry-run":
        yield from (f"--{flag.name}={other}" for other in others)


def _kinds() -> Iterator[Line]:
    """Every kind by each of its names, in every format, and described."""
    for kind in RESOURCES:
        for name in _names(kind):
            yield Line(f"get {name} {GLOBAL_NAMESPACE}", "kinds")
        for output in OUTPUTS if kind.supported else ():
            yield Line(f"get {kind.plural} -o {shlex.quote(output)} {GLOBAL_NAMESPACE}", "kinds")
        if kind.supported and kind.plural != "events":
            yield Line(f"describe {kind.plural} {GLOBAL_NAMESPACE}", "kinds")
        yield Line(f"get {kind.singular} nope {GLOBAL_NAMESPACE}", "kinds")
        yield Line(f"get {kind.plural} -n nowhere", "kinds")


def _names(kind: Resource) -> list[str]:
    full = f"{kind.plural}.{kind.version}.{kind.group}".rstrip(".")
    return [*dict.fromkeys((kind.plural, kind.singular, *kind.short, kind.full, full))]


def _recorded(name: str) -> Iterator[Line]:
    """The recorded lines with the node's name replaced."""
    for text in (RECORDED / f"lines_{name}.txt").read_text(encoding="utf-8").splitlines():
        if text:
            yield Line(text.removeprefix("! ").replace("gameday-ref-control-plane", "{node}"), f"recorded: {name}")


def _runbook(path: Path, *, changing: bool) -> Iterator[Line]:
    """The kubectl calls of each step, without the filters behind them."""
    bound = bindings.load(ROOT / "gameday.yaml")
    for step in make_plan(read(path), bound, []).steps():
        text = step.shown if step.toggle else fill(step.text, step.placeholders, _pod).text
        if (step.purpose == "change") is changing:
            yield from (Line(line, "runbooks") for line in _calls(text))


def _pod(value: str) -> str:
    """A placeholder for a pod that bash parses as one word."""
    return f"pod_of_{pod_of(value)}" if pod_of(value) else value


def _calls(text: str) -> Iterator[str]:
    for call in parse(text).calls:
        if call.program == "kubectl":
            yield " ".join(shlex.quote(word) for word in _words(call)).replace(
                "pod_of_tool-service", "{pod:tool-service}"
            )


def _words(call: Call) -> Iterator[str]:
    """The arguments without unset variables, which expand to nothing."""
    return (word.text for word in call.arguments if not word.computed or word.quoted or word.head)
