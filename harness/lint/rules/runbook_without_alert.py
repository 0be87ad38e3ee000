"""RB803: a runbook for an alert that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.alerts import Alerts
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import is_incident_document, whole_line
from harness.lint.page import Place
from harness.lint.patterns import lazy

_NAME = lazy(r"^(?:[A-Z]{2,}|[A-Z][a-z0-9]+)(?:[A-Z][a-z0-9]*){1,}$")
_MENTION = lazy(
    r"\balerts?\b[^`\n]{0,20}`(?P<name>(?:[A-Z][a-z0-9]+){2,})`|`(?P<before>(?:[A-Z][a-z0-9]+){2,})` alert\b"
)


def _check(document: Document) -> Iterator[Hit]:
    alerts = document.outside.alerts
    if alerts is None or alerts.own is not None:
        return
    known = {rule.name for rule in alerts.rules}
    title = document.headings[0] if document.headings else None
    if title and _NAME.match(title.text) and title.text not in known and is_incident_document(document):
        yield _hit(whole_line(document, title.line), title.text, alerts)
    for place, found in document.matches(_MENTION, document.prose):
        name = found["name"] or found["before"]
        if name not in known:
            yield _hit(place, name, alerts)


def _hit(place: Place, name: str, alerts: Alerts) -> Hit:
    return Hit(place, f"no alerting rule is named `{name}`{alerts.nearest(name)}")


RULE = Rule(
    code="RB803",
    name="runbook-without-alert",
    severity=Severity.WARNING,
    summary="A runbook is for an alert that no rule defines (with `--rules`).",
    why="The alert was renamed or removed: no one is led to the runbook any more, and a search for the name of the "
    "new alert does not find it.",
    fires="# ApiDwn\n\n## Symptoms\n\nErrors.\n\n## Mitigation\n\nRestart it.\n",
    silent="# ApiDown\n\n## Symptoms\n\nErrors.\n\n## Mitigation\n\nRestart it.\n",
    check=_check,
    beside="groups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n",
)
