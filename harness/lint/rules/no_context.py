"""RB602: a change in whatever cluster the operator is connected to."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown
from harness.lint.patterns import lazy

_SET = lazy(
    r"current-context|use-context|--context|kubectx|--kubeconfig|KUBECONFIG|\boc login\b|get-credentials"
    r"|update-kubeconfig|tsh kube login|az aks|whoami --show"
)


def _check(document: Document) -> Iterator[Hit]:
    first = next((call for call in kubectl.calls(document) if call.is_change), None)
    if first is not None and not _SET.search(document.text):
        yield at(
            first.command,
            f"{shown(first.command.text)} changes whatever cluster the operator is connected to; show the context "
            f"first",
        )


RULE = Rule(
    code="RB602",
    name="no-context",
    severity=Severity.NOTE,
    summary="A document changes a cluster without saying which.",
    why="The last command of the day before may have been for staging, or for another region. Show it "
    "(`kubectl config current-context`) or name it (`--context`).",
    fires="```bash\nkubectl rollout restart deployment/api -n shop\n```\n",
    silent="```bash\nkubectl config current-context\nkubectl rollout restart deployment/api -n shop\n```\n",
    check=_check,
    pedantic=True,
)
