"""PromQL expressions of alerts as conditions: what says the same, and what has no counterpart."""

from __future__ import annotations

import pytest

from harness.conditions import parse
from harness.proposal.expression import express

SERVICES = ("checkout", "cart")


@pytest.mark.parametrize(
    ("expression", "condition"),
    [
        ('up{job="checkout"} == 0', "health(checkout) == failing"),
        ('absent(up{job="shop/checkout"})', "health(checkout) == failing"),
        ('absent(up{job="checkout"}) == 1', "health(checkout) == failing"),
        ('queue_depth{app="cart",queue="a"} > 10 * 60', 'metric(cart, queue_depth{queue="a"}) > 600'),
        ("10 < queue_depth", "metric(web, queue_depth) > 10"),
        ("-x > 3", "metric(web, x) < -3"),
        ("sum by (pod) (queue_depth) >= 5", "metric(web, queue_depth) >= 5"),
        ("sum(rate(errors_total[5m])) without (pod) > bool .5", "rate(web, errors_total) > 0.5"),
        ('increase(a_total{pod=~"cart-.*"}[1h]) > 3', "increase(cart, a_total) > 3"),
        (
            'sum(rate(errors_total{service="cart"}[5m])) / sum(rate(requests_total[5m])) > 0.05',
            "ratio(cart, errors_total, requests_total) > 5%",
        ),
        (
            '100 * sum(rate(r{code=~"500|503"}[5m])) / sum(rate(r[5m])) > 5',
            'ratio(web, r{code="500"} + r{code="503"}, r) > 5%',
        ),
        (
            'histogram_quantile(0.99, sum(rate(latency_seconds_bucket{job="cart"}[5m])) by (le)) > 0.5',
            "quantile(0.99, cart, latency_seconds) > 500ms",
        ),
        ("# why\nx == 1  # because", "metric(web, x) == 1"),
        ('x{a="#1"} == 1', 'metric(web, x{a="#1"}) == 1'),
        ("rate(hits[1m]) / (rate(hits[1m]) + rate(misses[1m])) < 0.8", "ratio(web, hits, hits + misses) < 80%"),
    ],
)
def test_an_expression_that_a_condition_can_say(expression: str, condition: str) -> None:
    assert express(expression, SERVICES, "web").conditions == (condition,)
    assert parse(condition).text == condition


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("rate(x[5m]) > 5 or y > 1", "it is not a comparison with a number"),
        ("rate(x[5m]) > 5 and max(y) > 1", "`max(…)` has no counterpart"),
        ("a > b", "it is not a comparison of a metric with a number"),
        ("a - b > 1", "arithmetic with several metrics has no counterpart"),
        ("a / b > 1", "a ratio of values is not one of growth; use rate(…)"),
        ("max_over_time(x[5m]) > 1", "`max_over_time(…)` has no counterpart"),
        ("max(x) > 1", "`max(…)` has no counterpart"),
        ("rate(x[5m] offset 1h) > 1", "`offset` is not supported"),
        ("rate(x[5m])[1h:] > 1", "a subquery is not supported"),
        ('x{code!="200"} > 1', 'a condition selects labels by equality, not by `code!="200"`'),
        ('x{code=~"400|500"} > 1', "alternatives of a label are possible in a ratio only"),
        ("kube_pod_status_ready == 0", "kube_pod_status_ready is a metric of another exporter, not of the service"),
        ("job:errors:ratio > 1", "job:errors:ratio is a recording rule"),
        (
            'rate(r{code=~"5.."}[5m]) / rate(r[5m]) > 0.1',
            "a status by a pattern has no counterpart; perhaps error_rate(SERIES) > 10%",
        ),
        ("histogram_quantile(0.9, rate(x_ms_bucket[5m])) > 1", "the histogram x_ms is not in seconds"),
        ("x{", "`` is not a label matcher"),
        ("x > ", "`the end` is not understood"),
        ("x ? y", "`? y` is not understood"),
        ("(" * 5000, "it is nested too deeply"),
    ],
)
def test_any_other_expression_has_the_reason(expression: str, why: str) -> None:
    found = express(expression, SERVICES, "web")
    assert found.conditions == ()
    assert found.why == why


def test_what_and_joins_are_several_conditions() -> None:
    found = express("(errors > 5 and on (job) requests > 0) and rate(x[5m]) > 1 and errors > 5", SERVICES, "web")
    assert found.conditions == ("metric(web, errors) > 5", "metric(web, requests) > 0", "rate(web, x) > 1")


def test_the_service_has_to_be_known() -> None:
    assert express('x{job="other"} > 1', SERVICES).why == "no label of it names a known service"


def test_a_label_value_that_a_condition_cannot_write_is_refused() -> None:
    assert express(r'x{path="a\"b"} > 1', SERVICES, "web").conditions == ()
