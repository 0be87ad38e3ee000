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
        if (
            call.verb in ("logs", "log")
            and call.kind in _MANY
            and not {"--all-pods", "--selector"} & call.options.keys()
        ):
            yield at(
                call.command,
                f"{shown(call.command.text)} shows the log of one pod that kubectl picks, not of all; use a selector",
            )


RULE = Rule(
    code="RB603",
    name="one-pod-of-many",
    severity=Severity.NOTE,
    summary="The log of a Deployment is that of one of its pods.",
    why="kubectl picks one pod: the failing one may be another, and counts of errors are too low. Use `-l app=NAME "
    "--tail=200 --prefix`, or "
    "`--all-pods` (kubectl 1.33).",
    fires="```bash\nkubectl logs deployment/api -n shop --since=10m\n```\n",
    silent="```bash\nkubectl logs -l app=api -n shop --since=10m --tail=-1 --prefix\n```\n",
    check=_check,
)
