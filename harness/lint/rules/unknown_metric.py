"""RB804: a query of a metric that no rule uses."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import queries
from harness.lint.nearest import nearest
from harness.runbook.promql import metric_names


def _check(document: Document) -> Iterator[Hit]:
    alerts = document.outside.alerts
    if alerts is None or alerts.own is not None or not alerts.metrics:
        return
    for place, text in queries(document):
        for name in metric_names(text):
            if "_" in name and name not in alerts.metrics:
                yield Hit(place, f"no rule uses the metric `{name}`{nearest(name, alerts.metrics, 0.8)}")


RULE = Rule(
    code="RB804",
    name="unknown-metric",
    severity=Severity.NOTE,
    summary="A query uses a metric that no rule uses (with `--rules`).",
    why="A query of a metric that does not exist returns nothing, which looks like health. Correct the name; suppress "
    "it where the metric "
    "exists and no rule needs it.",
    fires="Look at `rate(http_request_total[5m])`.\n",
    silent="Look at `rate(http_requests_total[5m])`.\n",
    check=_check,
    beside="groups:\n- name: api\n  rules:\n  - alert: ApiErrors\n    expr: rate(http_requests_total[5m]) > 1\n",
)
