"""RB502: a deletion of everything that matches."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, is_asked, is_dry, near, shown
from harness.lint.patterns import lazy

_MEANT = lazy(
    r"\b(?:all|every|each)\b.{0,80}\b(?:safe|recreat|re-creat|stateless|one by one|warning|caution|downtime|interrupt"
    r"|disrupt)",
    re.I | re.S,
)


def _check(document: Document) -> Iterator[Hit]:
    for call in kubectl.calls(document):
        if call.verb != "delete" or is_dry(call.command) or not is_asked(document, call.command):
            continue
        what = _deletes(call)
        if what and not _MEANT.search(near(document, call.command.place.line)):
            yield at(call.command, f"{shown(call.command.text)} {what}")


def _deletes(call: kubectl.Kubectl) -> str:
    """What is deleted at once; "" for pods that have ended already."""
    if "status.phase" in call.options.get("--field-selector", ""):
        return ""
    kind = call.kind or "object"
    if {"-A", "--all-namespaces"} & call.options.keys():
        return f"deletes every {kind} in all namespaces"
    if "--all" in call.options:
        return f"deletes every {kind} of the namespace at once"
    by_selector = call.kind == "pod" and "--selector" in call.options
    return "deletes all pods of the workload at once, in place of one after the other" if by_selector else ""


RULE = Rule(
    code="RB502",
    name="delete-all",
    severity=Severity.ERROR,
    summary="A command deletes every object of a kind at once.",
    why="All replicas are gone at the same moment, those of other services too: a partial failure becomes a full "
    "outage. Delete by name, "
    "one at a time, or restart with `kubectl rollout restart`.",
    fires="```bash\nkubectl delete pods --all -n shop\n```\n",
    silent="```bash\nkubectl rollout restart deployment/api -n shop\n```\n",
    check=_check,
)
