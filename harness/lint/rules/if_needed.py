"""RB708: a change to be made "if needed"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import is_change, shown
from harness.lint.page import Place
from harness.lint.patterns import lazy

_IF = lazy(r"\b(?:if|when|as|where) (?:needed|necessary|required|appropriate|applicable)\b", re.I)
_CHANGE = lazy(
    r"\b(?:restart(?:s|ing)?|scale|scaling|roll ?back|fail ?over|increase|decrease|delete|kill|drain|reboot|disable"
    r"|enable|terminate|stop|purge|flush|evict|cordon|truncate|drop|clean ?up|failover|prune|restore)\w*\b",
    re.I,
)
_STEP = lazy(r"^\s*(?:[-*+]|\d+[.)]|#+)\s")


def _check(document: Document) -> Iterator[Hit]:
    if not document.has_any("needed", "necessary", "required", "appropriate", "applicable"):
        return
    lines = {command.place.line for command in document.commands if is_change(command)}
    for number, (line, kind) in enumerate(zip(document.lines, document.kinds, strict=True), start=1):
        found = _IF.search(line) if kind in "pch" and "n" in line else None
        if found is None or not (
            _CHANGE.search(line[: found.start()]) or _CHANGE.match(line[found.end() :].lstrip(" ,:"))
        ):
            continue
        is_comment = kind == "c" and line.lstrip().startswith("#")
        if (is_comment and number + 1 in lines) or (kind in "ph" and _STEP.match(line)) or kind == "h":
            place = Place(number, found.start() + 1, found.end() + 1)
            yield Hit(
                place, f"{shown(line.strip(' #-*'))} states no criterion; say which value of what makes it needed"
            )


RULE = Rule(
    code="RB708",
    name="if-needed",
    severity=Severity.NOTE,
    summary='A change is to be made "if needed", with no criterion.',
    why="The reader has to decide what the runbook was written to decide. State the measurement and the value.",
    fires="```bash\n# Scale up if needed\nkubectl scale deployment/api --replicas=3 -n shop\n```\n",
    silent="```bash\n# Scale up if P95 stays above 500 ms for 2 minutes\nkubectl scale deployment/api --replicas=3 -n "
    "shop\n```\n",
    check=_check,
)
