"""RB517: a restart of everything in a namespace."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown


def _check(document: Document) -> Iterator[Hit]:
    for call in kubectl.calls(document):
        restarts = (
            call.verb == "rollout" and call.sub == "restart" and call.kind in ("deployment", "statefulset", "daemonset")
        )
        if restarts and not call.names and not {"--selector", "--filename"} & call.options.keys():
            yield at(call.command, f"{shown(call.command.text)} restarts every {call.kind} of the namespace")


RULE = Rule(
    code="RB517",
    name="restart-everything",
    severity=Severity.WARNING,
    summary="A command restarts every workload of a namespace.",
    why="Services that were healthy lose their caches and connections at the same time. Name the workload.",
    fires="```bash\nkubectl rollout restart deployment -n shop\n```\n",
    silent="```bash\nkubectl rollout restart deployment/api -n shop\n```\n",
    check=_check,
)
