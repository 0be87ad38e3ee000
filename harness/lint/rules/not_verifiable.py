"""RB906: a name that manifests cannot confirm."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown
from harness.lint.patterns import lazy
from harness.lint.words import Word, inner

_BOARD = lazy(r"^\s*[-*+]\s+(?:Grafana|Prometheus|Jaeger|Kibana|Datadog)\s*:\s*(?P<name>.+)$", re.M)


def _check(document: Document) -> Iterator[Hit]:
    if document.outside.platform is None:
        return
    for place, found in document.matches(_BOARD, document.prose):
        yield Hit(
            place, f"{shown(found['name'])} cannot be verified: manifests do not say which dashboards and metrics exist"
        )
    for call in kubectl.calls(document):
        inside = inner(call.command.words) if call.verb == "exec" else None
        if inside and not isinstance(inside.content, Word):
            yield at(call.command, f"cannot be verified: whether the image has `{inside.content[0].text}`")


RULE = Rule(
    code="RB906",
    name="not-verifiable",
    severity=Severity.NOTE,
    summary="A dashboard, a metric or a program in an image cannot be verified by manifests.",
    why="It may be right. A drill (`gameday run`) finds out.",
    fires="- Grafana: Service Latency Dashboard\n",
    silent="- a dashboard of the team\n",
    check=_check,
    pedantic=True,
    on_platform=True,
)
