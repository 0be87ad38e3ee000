"""RB801: an alerting rule that leads to no runbook."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.alerts import folded
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import whole_line


def _check(document: Document) -> Iterator[Hit]:
    alerts = document.outside.alerts
    for rule in alerts.own or () if alerts else ():
        if not rule.url and alerts and folded(rule.name) not in alerts.documents:
            yield Hit(
                whole_line(document, rule.line),
                f"the alert `{rule.name}` has no `runbook_url`, and no runbook has its name",
            )


RULE = Rule(
    code="RB801",
    name="alert-without-runbook",
    severity=Severity.WARNING,
    summary="An alerting rule leads to no runbook (with `--rules`).",
    why="The alert wakes a person who then has to find out what it means. Write a runbook and name it in the "
    "annotation `runbook_url`.",
    fires="groups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n",
    silent="groups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    annotations:\n"
    "      runbook_url: https://runbooks.shop.test/ApiDown\n",
    check=_check,
    about_alerts=True,
)
