"""Conditions that follow from the words of a symptom."""

from __future__ import annotations

import pytest

from harness.conditions import parse
from harness.proposal.symptoms import Proposal, Subject, propose

ABOUT = Subject("web", "checkout", ("api-gateway", "tool-service", "web"))
LIMIT = "is 1% the right limit?"


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("Tool service health checks failing", "health(tool-service) == failing"),
        ("The pods are not ready", "health(web) == failing"),
        ("Pods in CrashLoopBackOff", "health(web) == failing"),
        ("`queue_depth` > 100", "metric(web, queue_depth) > 100"),
        ('`queue_depth{queue="mail"}` is above 1.5', 'metric(web, queue_depth{queue="mail"}) > 1.5'),
        ("validation_errors_total is increasing", "increase(web, validation_errors_total) > 0"),
        ('Logs show "connection refused (111)"', 'logs(web, "connection refused \\(111\\)") > 0'),
        ("api-gateway logs `no route`", 'logs(api-gateway, "no route") > 0'),
    ],
)
def test_words_that_leave_no_choice_need_no_question(text: str, condition: str) -> None:
    assert propose(text, ABOUT) == Proposal(condition)
    assert parse(condition).text == condition


@pytest.mark.parametrize(
    ("text", "condition", "question"),
    [
        ("503 errors from tool endpoints", "status(checkout, 503) > 1%", LIMIT),
        ("HTTP 429", "status(checkout, 429) > 1%", LIMIT),
        ("Many 5xx", "error_rate(checkout, http_500, http_502, http_503, http_504) > 1%", LIMIT),
        ("Users see timeouts", "error_rate(checkout, timeout) > 1%", LIMIT),
        ("High error rate", "error_rate(checkout) > 1%", LIMIT),
        ("Slow responses", "p95(checkout) > 500ms", "is 500ms the right limit?"),
        ("High p99 latency", "p99(checkout) > 500ms", "is 500ms the right limit?"),
        ("Timeout errors in logs", 'logs(web, "timeout") > 0', "is `timeout` the text in the log?"),
    ],
)
def test_an_assumed_limit_or_text_is_a_question(text: str, condition: str, question: str) -> None:
    assert propose(text, ABOUT) == Proposal(condition, question)
    assert parse(condition).text == condition


def test_without_a_service_or_series_the_condition_is_part_of_the_question() -> None:
    open_names = Subject(None, None)
    assert propose("Health checks failing", open_names) == Proposal(None, "perhaps health(SERVICE) == failing")
    assert propose("High error rate", open_names) == Proposal(None, f"perhaps error_rate(SERIES) > 1%; {LIMIT}")


@pytest.mark.parametrize("text", ["Circuit breaker activations", "Customers call", "on 2024-05-03 at 10:00", ""])
def test_other_words_propose_nothing(text: str) -> None:
    found = propose(text, ABOUT)
    assert found.condition is None
    assert found.question
