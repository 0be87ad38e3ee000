"""RB519: a restart by scaling to zero and up again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, has_guard, shown


def _check(document: Document) -> Iterator[Hit]:
    calls = list(kubectl.calls(document))
    for call, after in pairwise(calls):
        same = after.verb == "scale" and call.names == after.names and call.command.source is after.command.source
        down = call.verb == "scale" and call.options.get("--replicas") == "0" and call.kind != "statefulset"
        if down and same and not has_guard(document, call.command):
            yield at(call.command, f"{shown(call.command.text)} takes all pods away before there are new ones")


RULE = Rule(
    code="RB519",
    name="restart-by-scaling",
    severity=Severity.WARNING,
    summary="A workload is restarted by scaling it to zero and up again.",
    why="The service is down in between, which a partial failure was not, and its number of replicas is lost. "
    "`kubectl rollout restart` replaces one pod after the other.",
    fires="```bash\nkubectl scale deployment/api --replicas=0 -n shop\nkubectl scale deployment/api --replicas=3 -n "
    "shop\n```\n",
    silent="```bash\nkubectl rollout restart deployment/api -n shop\nkubectl rollout status deployment/api -n "
    "shop\n```\n",
    check=_check,
)
