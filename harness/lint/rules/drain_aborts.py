"""RB611: a drain that stops at the first DaemonSet or emptyDir."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, is_dry, shown


def _check(document: Document) -> Iterator[Hit]:
    for call in kubectl.calls(document):
        if "drain" not in (call.verb, call.sub) or is_dry(call.command) or not call.names:
            continue
        if "--ignore-daemonsets" not in call.options:
            yield at(
                call.command,
                f"{shown(call.command.text)} stops at the first pod of a DaemonSet; add `--ignore-daemonsets`",
            )


RULE = Rule(
    code="RB611",
    name="drain-aborts",
    severity=Severity.WARNING,
    summary="A drain without `--ignore-daemonsets` stops before it has moved anything.",
    why="Every cluster has DaemonSets: the command cordons the node and then ends with an error, so that the node is "
    "half taken away.",
    fires="```bash\nkubectl drain node-3\n```\n",
    silent="```bash\nkubectl drain node-3 --ignore-daemonsets --delete-emptydir-data --timeout=10m\n```\n",
    check=_check,
)
