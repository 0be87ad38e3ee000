"""RB310: an inverted filter that also hides what is broken."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.facts import at, shown


def _check(document: Document) -> Iterator[Hit]:
    for pipeline in document.pipelines:
        call = kubectl.read(pipeline.first)
        if call is None or call.verb != "get":
            continue
        for command in pipeline.commands[1:]:
            hidden = _hides(call.kind, command)
            if hidden:
                yield at(command, f"{shown(command.text)} also hides {hidden}")


def _hides(kind: str, command: Command) -> str:
    """What an inverted grep hides that is not well."""
    if command.program not in ("grep", "egrep") or not command.has("-v", "--invert-match") or command.has("-w"):
        return ""
    what = command.argv[-1]
    if kind == "node" and what == "Ready":
        return "the nodes that are `NotReady`; use `grep -vw Ready`, or look for `NotReady`"
    if kind == "pod" and what == "Running":
        return "pods that run and are not ready (`0/1`); look at the column READY"
    return ""


RULE = Rule(
    code="RB310",
    name="filter-hides-unready",
    severity=Severity.WARNING,
    summary="A filter that leaves out what is well also leaves out what is broken.",
    why="`NotReady` contains `Ready`, and a pod that fails its readiness probe is `Running`: the list is empty while "
    "the service is down.",
    fires="```bash\nkubectl get nodes | grep -v Ready\n```\n",
    silent="```bash\nkubectl get nodes | grep -vw Ready\n```\n",
    check=_check,
)
