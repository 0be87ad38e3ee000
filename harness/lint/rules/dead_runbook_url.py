"""RB802: a `runbook_url` that leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.alerts import Alerts, folded
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown, whole_line
from harness.lint.patterns import lazy

_TEMPLATE = lazy(r"\{\{|<[\w -]+>|\$\{|%\w+%|\bTODO\b|\bexample\.(?:com|org|net)\b", re.I)


def _check(document: Document) -> Iterator[Hit]:
    alerts = document.outside.alerts
    for rule in alerts.own or () if alerts else ():
        fact = _fact(rule.url, alerts) if rule.url and alerts else ""
        if fact:
            yield Hit(whole_line(document, rule.url_line), f"the runbook of `{rule.name}`, {shown(rule.url)}, {fact}")


def _fact(url: str, alerts: Alerts) -> str:
    if _TEMPLATE.search(url):
        return "is a template that nothing fills in"
    path, _, anchor = url.partition("#")
    known = folded(path.rstrip("/")) in alerts.documents and (not anchor or folded(anchor) in alerts.documents)
    return "" if known or not alerts.documents else "is none of the documents that are linted"


RULE = Rule(
    code="RB802",
    name="dead-runbook-url",
    severity=Severity.WARNING,
    summary="The `runbook_url` of an alert leads to no document (with `--rules`).",
    why="The link is followed for the first time in the incident. Name the document, and its heading behind `#`.",
    fires="groups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    annotations:\n"
    "      runbook_url: https://example.com/{{ $labels.alertname }}\n",
    silent="groups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    annotations:\n"
    "      runbook_url: https://runbooks.shop.test/ApiDown\n",
    check=_check,
    about_alerts=True,
)
