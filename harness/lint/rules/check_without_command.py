"""RB716: a step that asks for a check and does not say how."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import goes_on, is_incident_document, shown, whole_line
from harness.lint.patterns import lazy

_ITEM = lazy(
    r"^\s*(?:[-*+]|\d+[.)])\s+(?:\[[ x]\]\s+)?(?P<text>(?:check|verify|inspect|review|look at|examine|investigate"
    r"|identify|ensure|confirm|make sure)\b[^`\n]*)$",
    re.I,
)
_HOW = lazy(r"`|\]\(|https?://|\bdashboard\b|:\s*$|\bsee\b|\bvia\b|\bwith\b|\busing\b|\bin the\b", re.I)


def _check(document: Document) -> Iterator[Hit]:
    if not is_incident_document(document):
        return
    for number, (line, kind) in enumerate(zip(document.lines, document.kinds, strict=True), start=1):
        item = _ITEM.match(line) if kind == "p" else None
        if item is None or _HOW.search(item["text"]) or goes_on(document, number):
            continue
        yield Hit(whole_line(document, number), f"{shown(item['text'])} names no command, dashboard or place to look")


RULE = Rule(
    code="RB716",
    name="check-without-command",
    severity=Severity.NOTE,
    summary="A step asks for a check and does not say how.",
    why="The one who wrote it knew the place; the one who is paged does not. Add the command, the link, or the query.",
    fires="## Symptoms\n\nErrors.\n\n## Diagnosis\n\n1. Check input patterns causing failures\n2. Verify validation "
    "rules are correct\n",
    silent="## Symptoms\n\nErrors.\n\n## Diagnosis\n\n1. Check the rules: `kubectl get configmap rules -n shop -o "
    "yaml`\n",
    check=_check,
    pedantic=True,
)
