"""RB608: a form of kubectl that is deprecated or removed in 1.36."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown, whole_line
from harness.lint.patterns import lazy

_APIS = lazy(
    r"^\s*apiVersion:\s*(?P<api>extensions/v1beta1|apps/v1beta[12]|policy/v1beta1|batch/v1beta1"
    r"|autoscaling/v2beta[12]|networking\.k8s\.io/v1beta1|rbac\.authorization\.k8s\.io/v1beta1"
    r"|apiextensions\.k8s\.io/v1beta1)\b"
)


def _check(document: Document) -> Iterator[Hit]:
    for call in kubectl.calls(document):
        fact = _old(call)
        if fact:
            yield Hit(call.command.place, f"{shown(call.command.text)}: {fact}")
    for block in document.blocks:
        for row, line in enumerate(block.lines):
            if "apiVersion" in line and (found := _APIS.match(line)):
                yield Hit(
                    whole_line(document, block.first + row), f"the API {shown(found['api'])} is removed from Kubernetes"
                )


def _old(call: kubectl.Kubectl) -> str:
    options = call.options
    if "--delete-local-data" in options:
        return "`--delete-local-data` is removed; write `--delete-emptydir-data`"
    if call.command.program != "oc" and options.get("--dry-run", "client") in ("", "true", "false"):
        return "`--dry-run` without a value is removed; write `--dry-run=client` or `--dry-run=server`"
    if "--export" in options and call.verb == "get":
        return "`--export` is removed; write `-o yaml`"
    if call.verb == "run" and ("--generator" in options or "--replicas" in options):
        return "`--generator` and `--replicas` of run are removed; write `kubectl create deployment`"
    return _old_kind(call)


def _old_kind(call: kubectl.Kubectl) -> str:
    if call.verb in ("get", "describe") and call.kind in ("componentstatuses", "componentstatus", "cs"):
        return "componentstatuses is deprecated and often wrong; ask `/readyz?verbose` of the API server"
    if call.verb in ("get", "describe", "delete") and call.kind in ("psp", "podsecuritypolicies", "podsecuritypolicy"):
        return "PodSecurityPolicy is removed; use Pod Security Admission"
    if call.verb == "rolling-update":
        return "rolling-update is removed; write `kubectl rollout`"
    if call.verb == "exec" and call.command.program != "oc" and "--" not in call.command.argv and _has_command(call):
        return "`kubectl exec POD COMMAND` without `--` is removed; write `-- COMMAND`"
    if call.verb in ("get", "describe") and call.kind == "endpoints" and call.command.program == "kubectl":
        return "Endpoints is deprecated since 1.33 and cut at 1000 addresses; ask for `endpointslices`"
    return ""


def _has_command(call: kubectl.Kubectl) -> bool:
    words = [word for word in call.command.argv[1:] if not word.startswith("-")]
    values = [value for value in call.options.values() if value]
    return len([word for word in words if word not in values]) > 2


RULE = Rule(
    code="RB608",
    name="deprecated-form",
    severity=Severity.WARNING,
    summary="A form of kubectl or an API is deprecated or removed in Kubernetes 1.36.",
    why="The command fails in the next incident, after an upgrade of the cluster or of kubectl that no one connected "
    "with the runbook.",
    fires="```bash\nkubectl drain node-3 --ignore-daemonsets --delete-local-data\n```\n",
    silent="```bash\nkubectl drain node-3 --ignore-daemonsets --delete-emptydir-data\n```\n",
    check=_check,
)
