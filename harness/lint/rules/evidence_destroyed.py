"""RB505: a restart before anything of the failing process is saved."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.facts import at, changes, is_incident_document, shown
from harness.lint.patterns import lazy

_SAVED = lazy(
    r"\b(?:logs?|describe|events?|dump|trace|profile|screenshot|evidence|save|collect|gather|investigat\w+|diagnos\w+"
    r"|inspect|snapshot)\b",
    re.I,
)


def _check(document: Document) -> Iterator[Hit]:
    if not is_incident_document(document):
        return
    first = next(iter(changes(document)), None)
    if first is None or not _restarts(first):
        return
    before = "\n".join(document.lines[: first.place.line])
    if not _SAVED.search(before):
        yield at(first, f"{shown(first.text)} ends the failing process before its logs or state are saved")


def _restarts(command: Command) -> bool:
    call = kubectl.read(command)
    if call is not None:
        return (call.verb == "rollout" and call.sub == "restart") or (call.verb == "delete" and call.kind == "pod")
    return command.program in ("reboot", "kill", "pkill", "killall") or "restart" in command.argv[1:3]


RULE = Rule(
    code="RB505",
    name="evidence-destroyed",
    severity=Severity.WARNING,
    summary="The first step ends the failing process before anything of it is saved.",
    why="With the process go its logs, threads and memory: the cause is never found, and the incident comes back. "
    "Save the logs "
    "(`kubectl logs --previous`), a dump or the events first; that takes seconds.",
    fires="# ApiDown\n\n## Symptoms\n\nErrors 503.\n\n## Mitigation\n\n```bash\nkubectl rollout restart "
    "deployment/api -n shop\n```\n",
    silent="# ApiDown\n\n## Symptoms\n\nErrors 503.\n\n## Mitigation\n\n```bash\nkubectl logs deployment/api -n shop "
    "--since=15m > api.log\n"
    "kubectl rollout restart deployment/api -n shop\n```\n",
    check=_check,
)
