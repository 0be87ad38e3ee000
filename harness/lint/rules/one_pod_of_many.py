"""RB603: the log of one pod in place of all."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown

_MANY = ("deployment", "statefulset", "daemonset", "replicaset", "service")


def _check(document: Document) -> Iterator[Hit]:
    for call in kubectl.calls(document):
        what = _of_one(call) if call.kind in _MANY else ""
        if what:
            fact = f"shows {what} of one pod that kubectl picks, not of all; use a selector"
            yield at(call.command, f"{shown(call.command.text)} {fact}")


def _of_one(call: kubectl.Kubectl) -> str:
    """What a call shows of one pod only: its log, or the metrics that it is asked for."""
    if call.verb in ("logs", "log"):
        return "" if {"--all-pods", "--selector"} & call.options.keys() else "the log"
    asks = call.verb == "exec" and any("/metrics" in word for word in call.command.argv[2:])
    return "the metrics" if asks else ""


RULE = Rule(
    code="RB603",
    name="one-pod-of-many",
    severity=Severity.NOTE,
    summary="The log or the metrics of a Deployment are those of one of its pods.",
    why="kubectl picks one pod: the failing one may be another, and counts of errors are too low. Use `-l app=NAME "
    "--tail=200 --prefix`, or "
    "`--all-pods` (kubectl 1.33).",
    fires="```bash\nkubectl logs deployment/api -n shop --since=10m\n```\n",
    silent="```bash\nkubectl logs -l app=api -n shop --since=10m --tail=-1 --prefix\n```\n",
    check=_check,
)
