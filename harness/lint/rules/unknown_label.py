"""RB805: a query that selects by a label that no rule knows."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import queries
from harness.lint.names import names
from harness.lint.nearest import nearest
from harness.runbook.promql import label_names

_OF_TARGETS = names(
    """
    job instance namespace pod container node service endpoint cluster le quantile region zone env environment
    app deployment statefulset daemonset device mountpoint mode cpu phase reason condition status code method path
    """
)
"""Labels that Prometheus, its operator and common exporters add to what they scrape."""


def _check(document: Document) -> Iterator[Hit]:
    alerts = document.outside.alerts
    if alerts is None or alerts.own is not None or not alerts.labels:
        return
    known = alerts.labels | _OF_TARGETS
    for place, text in queries(document):
        for name in label_names(text):
            if name not in known:
                yield Hit(place, f"no rule uses the label `{name}`{nearest(name, known, 0.8)}")


RULE = Rule(
    code="RB805",
    name="unknown-label",
    severity=Severity.NOTE,
    summary="A query selects or groups by a label that no rule uses (with `--rules`).",
    why="A selector by a label that does not exist matches nothing, which looks like health. Correct the name; "
    "suppress it where the label exists and no rule needs it.",
    fires='Look at `rate(http_requests_total{tennant="a"}[5m])`.\n',
    silent='Look at `rate(http_requests_total{tenant="a"}[5m])`.\n',
    check=_check,
    beside="groups:\n- name: api\n  rules:\n  - alert: ApiErrors\n    expr: sum by (tenant) "
    "(rate(http_requests_total[5m])) > 1\n",
)
