"""Conditions: the grammar, and symptoms in prose that state a number."""

import pytest

from harness.conditions import parse
from harness.conditions.prose import from_prose
from harness.errors import ConditionError


@pytest.mark.parametrize(
    ("text", "function", "args", "op", "value", "unit"),
    [
        ("p95(gateway) < 500ms", "p", ("gateway", "95"), "<", 500.0, "ms"),
        ("p99.9(gateway) <= 2s", "p", ("gateway", "99.9"), "<=", 2000.0, "ms"),
        ("error_rate(tools) > 5%", "error_rate", ("tools",), ">", 0.05, "ratio"),
        (
            "error_rate(tools, timeout, refused) > 0.05",
            "error_rate",
            ("tools", "timeout", "refused"),
            ">",
            0.05,
            "ratio",
        ),
        ("availability(valid) >= 99%", "availability", ("valid",), "<=", 0.01, "ratio"),
        ("status(tools, 503) > 1%", "error_rate", ("tools", "http_503"), ">", 0.01, "ratio"),
        ("count(bad_input, accepted) == 0", "count", ("bad_input", "accepted"), "==", 0.0, "count"),
        (
            'metric(realtime, active{tenant="a, b"}) > 900',
            "metric",
            ("realtime", 'active{tenant="a, b"}'),
            ">",
            900.0,
            "count",
        ),
        ("rate(realtime, drops) > 1.5", "rate", ("realtime", "drops"), ">", 1.5, "count"),
        ("ratio(realtime, drops, sent) < 1%", "ratio", ("realtime", "drops", "sent"), "<", 0.01, "ratio"),
        ("quantile(0.95, inference, latency) > 0.5s", "quantile", ("0.95", "inference", "latency"), ">", 500.0, "ms"),
        ("health(tool-service) == failing", "health", ("tool-service",), "==", 1.0, "state"),
        ("breaker(api-gateway, tools) == closed", "breaker", ("api-gateway", "tools"), "==", 0.0, "state"),
        (r'logs(inference, "time, \"out\" \d+") > 0', "logs", ("inference", r'time, "out" \d+'), ">", 0.0, "count"),
    ],
)
def test_parse_gives_measure_operator_value_and_unit(
    text: str, function: str, args: tuple[str, ...], op: str, value: float, unit: str
) -> None:
    condition = parse(text)
    assert (condition.measure.function, condition.measure.args) == (function, args)
    assert (condition.op, condition.unit) == (op, unit)
    assert condition.value == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("", "function(arguments)"),
        ("p95(gateway)", "function(arguments)"),
        ("p95(gateway) < 500", "is not a number with unit"),
        ("p0(gateway) < 5ms", "between p0 and p100"),
        ("p95(a, b) < 5ms", "one series"),
        ("p95(gateway) == 5ms", "one series and < or >"),
        ("speed(gateway) > 1", "there is no `speed`"),
        ("availability() > 99%", "takes 1 arguments"),
        ("availability(a,) > 99", "between 0 % and 100 %"),
        ("error_rate(a) == 0%", "count(series, kind)"),
        ("health(x) == broken", "failing or ok"),
        ("health(x) > ok", "failing or ok"),
        ('logs(a, "(") > 0', "regular expression"),
        ("metric(a, 1x) > 0", "not a metric's name"),
        ("quantile(95, a, b) > 1ms", "between 0 and 1"),
        ("metric(a, b) > 5%", "is not a number with unit none"),
        ('logs(a, "open) > 0', "cannot read the arguments"),
    ],
)
def test_parse_names_what_is_wrong_with_a_condition(text: str, fact: str) -> None:
    with pytest.raises(ConditionError, match=r"docs/reference/conditions\.md") as caught:
        parse(text)
    assert fact in str(caught.value)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("High latency metrics (P95 > 500ms)", "p95(gateway) > 500ms"),
        ("p99 latency above 2 seconds", "p99(gateway) > 2s"),
        ("P95 exceeds 1.5s for some tenants", "p95(gateway) > 1.5s"),
        ("Error rate > 5%", "error_rate(gateway) > 5%"),
        ("availability below 99.5 percent", "availability(gateway) < 99.5%"),
    ],
)
def test_from_prose_finds_the_condition_of_a_symptom_with_a_number(text: str, condition: str) -> None:
    assert from_prose(text, "gateway") == (parse(condition),)


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("P50 > 100ms and P95 > 500ms", ["p50(gateway) > 100ms", "p95(gateway) > 500ms"]),
        ("P95 > 500 ms & error rate > 5%", ["p95(gateway) > 500ms", "error_rate(gateway) > 5%"]),
        (
            "error rate > 5%, P50 > 100ms and P95 > 1s",
            ["error_rate(gateway) > 5%", "p50(gateway) > 100ms", "p95(gateway) > 1s"],
        ),
        ("P50 > 100ms or P95 > 500ms", ["p50(gateway) > 100ms"]),
    ],
)
def test_from_prose_finds_every_condition_that_is_joined_by_and(text: str, conditions: list[str]) -> None:
    assert from_prose(text, "gateway") == tuple(map(parse, conditions))


@pytest.mark.parametrize(
    "text", ["Timeout errors in logs", "503 errors from tool endpoints", "P95 is high", "P0 > 5 minutes"]
)
def test_from_prose_finds_nothing_in_a_symptom_without_a_number(text: str) -> None:
    assert from_prose(text, "gateway") == ()
