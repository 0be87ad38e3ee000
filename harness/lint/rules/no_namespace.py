"""RB601: kubectl without a namespace, so that it works in the one that the operator happens to be in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, is_asked, shown
from harness.lint.names import names
from harness.lint.patterns import lazy

_SET = lazy(
    r"\bset-context\b|\bkubens\b|\boc\s+project\s|\bkubectl\s+ns\s|alias k\w*=|switch(?:ed|ing)? to (?:the )?\S+ "
    r"(?:project|namespace)"
    r"|(?:change|set|select|use) (?:to )?(?:the )?(?:\S+ )?(?:project|namespace)\b",
    re.I,
)
_VERBS = names(
    """
    get describe delete logs log exec rsh scale rollout edit patch set label annotate expose autoscale cp
    port-forward top attach events wait debug
    """
)
_FREE = names(
    """
    -f -k --filename --kustomize --raw --all-namespaces -A --namespace --kubeconfig-namespace -R
    """
)


def _check(document: Document) -> Iterator[Hit]:
    """Every change without a namespace, and the first command that reads."""
    has_read = False
    for call in kubectl.calls(document):
        if not _lacks_namespace(call) or not is_asked(document, call.command) or (has_read and not call.is_change):
            continue
        if _SET.search(document.text):
            return
        has_read = has_read or not call.is_change
        yield at(call.command, f"{shown(call.command.text)} names no namespace; add `-n NAMESPACE`")


def _lacks_namespace(call: kubectl.Kubectl) -> bool:
    if call.verb not in _VERBS or call.namespaced or _FREE & call.options.keys() or call.command.inside == "ssh":
        return False
    if call.command.source.block is None and not call.names and call.verb not in ("get", "top", "logs"):
        return False  # the text speaks of the command, and leaves out what it is for
    return _is_namespaced(call)


def _is_namespaced(call: kubectl.Kubectl) -> bool:
    if (
        call.verb in ("label", "annotate", "get", "describe", "delete", "edit", "patch", "wait", "top", "debug")
        and not call.kind
    ):
        return call.verb == "top" and call.sub in ("pod", "pods")
    if call.verb == "top":
        return call.sub in ("pod", "pods", "po")
    kind = call.kind.split(".")[0]
    if (
        call.kind in kubectl.CLUSTER_WIDE
        or kind in kubectl.CLUSTER_WIDE
        or kind.startswith(("cluster", "node", "$", "<", "{"))
    ):
        return False
    return kind in _KNOWN or call.verb in ("logs", "log", "exec", "rsh", "scale", "rollout", "port-forward", "cp")


_KNOWN = names(
    """
    pod deployment daemonset statefulset service configmap secret persistentvolumeclaim ingress
    horizontalpodautoscaler event replicaset job cronjob serviceaccount endpoints poddisruptionbudget
    networkpolicy all role rolebinding route deploymentconfig endpointslice endpointslices resourcequota
    limitrange lease leases certificate certificates quota
    """
)

RULE = Rule(
    code="RB601",
    name="no-namespace",
    severity=Severity.WARNING,
    summary="kubectl is called without a namespace.",
    why="It works in the namespace that the operator's context happens to have: it finds nothing, or changes another "
    "service of "
    "the same name. Write `-n NAMESPACE`, or set the namespace once at the begin of the document.",
    fires="```bash\nkubectl get pods\n```\n",
    silent="```bash\nkubectl get pods -n shop\nkubectl get nodes\n```\n",
    check=_check,
)
