"""RB905: a number of replicas that an autoscaler of the platform sets back."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown


def _check(document: Document) -> Iterator[Hit]:
    platform = document.outside.platform
    for call in kubectl.calls(document) if platform else ():
        scaled = platform and any(f"{call.kind}/{name}" in platform.autoscaled for name in call.names)
        if call.verb == "scale" and scaled:
            yield at(
                call.command,
                f"{shown(call.command.text)}: a HorizontalPodAutoscaler sets the number back within seconds",
            )


RULE = Rule(
    code="RB905",
    name="fights-autoscaler",
    severity=Severity.ERROR,
    summary="A command sets the replicas of what an autoscaler scales (with `--platform`, `--manifests` or "
    "`--context`).",
    why="The autoscaler computes its own number and overwrites it. Change its minimum: "
    '`kubectl patch hpa NAME -p \'{"spec":{"minReplicas":6}}\'`.',
    fires="```bash\nkubectl scale deployment/scaled --replicas=6 -n production\n```\n",
    silent="```bash\nkubectl scale deployment/api-gateway --replicas=6 -n production\n```\n",
    check=_check,
    on_platform=True,
)
