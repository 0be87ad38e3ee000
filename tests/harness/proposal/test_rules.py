"""Alerting rules as symptoms of the runbooks that they belong to."""

from __future__ import annotations

from harness.proposal.choices import Choices
from harness.proposal.draft import block
from harness.proposal.rules import is_rules, read_rules, symptoms_of
from harness.schema.tree import Tree, read

RULES = """\
groups:
  - name: web
    rules:
      - record: job:errors:rate
        expr: rate(errors_total[5m])
      - alert: QueueFull
        expr: |
          # only when it is used
          depth{job="web"} > 100 and users > 0
        for: 5m
        labels: {severity: page}
      - alert: Slow
        expr: |
          histogram_quantile(0.95,
            sum by (le) (rate(latency_seconds_bucket{job="web"}[5m]))) > 1
        annotations: {runbook_url: "https://example.org/runbooks/high-latency.html"}
      - alert: Errors
        expr: max(errors) > 1
        annotations: {runbook_url: "https://example.org/ops#QUEUE_FULL"}
        keep_firing_for: 1m
      - alert: Homeless
        expr: up == 0
"""
BOUND = """\
runbooks:
  QueueFull: {document: queue.md}
  LATENCY: {document: docs/high_latency.md, service: web}
  QUEUE_FULL: {symptoms: [{alert: Other, is: 'metric(web, x) > 1'}]}
"""
CHOICES = Choices(services=("web", "api"), own_services=True)


def one(text: str, name: str) -> Tree:
    (tree,) = read(text, name)
    return tree


def rows(bound: str) -> list[str]:
    keys, _ = symptoms_of(read_rules(one(RULES, "r.yml")).alerts, one(bound, "g.yaml"), CHOICES)
    return list(block(keys, 0))


def test_an_alert_belongs_to_the_runbook_of_its_name_or_of_its_url() -> None:
    assert is_rules(one(RULES, "r.yml"))
    assert rows(BOUND) == [
        "QueueFull:",
        "  symptoms:",
        "    - {alert: QueueFull, is: 'metric(web, depth) > 100'}  # depth{job=\"web\"} > 100 and users > 0",
        "    - {alert: QueueFull, is: 'metric(web, users) > 0'}",
        "LATENCY:",
        "  symptoms:",
        "    - {alert: Slow, is: 'quantile(0.95, web, latency_seconds) > 1000ms'}  "
        '# histogram_quantile(0.95, sum by (le) (rate(latency_seconds_bucket{job="web"}[5m]))) > 1',
        "QUEUE_FULL:",
        "  symptoms:",
        "    - {alert: Errors, is: }  # TODO alert: `max(…)` has no counterpart; max(errors) > 1",
    ]


def test_an_alert_that_the_file_has_is_not_added_again() -> None:
    bound = BOUND.replace("document: queue.md", "symptoms: [{alert: QueueFull, is: 'metric(web, x) > 7'}]")
    assert not [line for line in rows(bound) if "QueueFull" in line]


def test_what_is_not_used_is_named_with_its_place() -> None:
    found = read_rules(one(RULES, "r.yml"))
    _, unused = symptoms_of(found.alerts, one(BOUND, "g.yaml"), CHOICES)
    assert [f"{each.place}: {each.what}" for each in (*found.unused, *unused)] == [
        "r.yml:4:9: rule job:errors:rate: not an alert",
        "r.yml:10:14: alert QueueFull: for: its symptom counts as soon as the expression holds",
        "r.yml:20:26: alert Errors: keep_firing_for: its symptom counts as soon as the expression holds",
        "r.yml:21:9: alert Homeless: no runbook of gameday.yaml has this id or is named by its runbook_url; "
        "`gameday init RUNBOOK` first",
    ]


def test_a_prometheus_rule_of_the_operator_is_read_too() -> None:
    inside = "".join(f"  {line}\n" for line in RULES.splitlines())
    tree = one(f"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n{inside}", "r.yml")
    assert is_rules(tree)
    assert [each.name for each in read_rules(tree).alerts] == ["QueueFull", "Slow", "Errors", "Homeless"]
