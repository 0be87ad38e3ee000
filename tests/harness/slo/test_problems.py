"""Every problem of an OpenSLO file is reported with its place, all of them at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.slo import INLINE, LATENCY, RATIO, SLI, changed, read

BILLION_LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)
BILLION_MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "line", "fact"),
    [
        ("a: [b", 1, "not YAML"),
        ("a: 1\nb: &x [*x]", 2, "nested deeper than 60 levels"),
        ("a: &x {<<: *x}", 1, "nested deeper than 60 levels"),
        ("[" * 5000, None, "nested deeper than 60 levels"),
        (BILLION_LAUGHS, 1, "more than 50000 values"),
        (BILLION_MERGES, 1, "more than 50000 values"),
        ("x" * 1_000_001, None, "longer than 1000000 characters"),
        ("a: !!python/object:os.system x", 1, "is not supported"),
        ("a: 1\n? [b]\n: c", 2, "cannot be a key"),
        ("a: .inf", 1, "is not a finite number"),
        ("a: " + "9" * 5000, 1, "is not a number"),
        ("a: " + "9" * 400, 1, "is not a finite number"),
        ("\x00", None, "not YAML"),
        ("", None, "has no document"),
        ("# nothing\n---\n", None, "has no document"),
        ("hello", 1, "expected a mapping, got `hello`"),
        (changed(LATENCY, ("  service: api-gateway", "  service: a\n  service: b")), 8, "`service` is given twice"),
    ],
)
def test_unreadable_text_is_one_problem_with_its_line(tmp_path: Path, text: str, line: int | None, fact: str) -> None:
    found = read(tmp_path, text)
    assert found.slos == ()
    (problem, *more) = found.problems
    assert problem.startswith(f"{tmp_path}/0.yaml" + (f":{line}:" if line else ": "))
    assert fact in problem
    assert not more or text == "hello"


@pytest.mark.parametrize(
    ("change", "line", "fact"),
    [
        (("openslo/v1", "openslo/v1alpha"), 1, "apiVersion: expected openslo/v1, got `openslo/v1alpha`"),
        (("kind: SLO", "kind: SLA"), 2, "kind: expected SLO or SLI or Service or DataSource or AlertPolicy or "
         "AlertCondition or AlertNotificationTarget, got `SLA`"),
        (("  name: gateway-latency\n", ""), 4, "metadata.name: missing"),
        (("name: gateway-latency", "name: Gateway Latency"), 4, "metadata.name: `Gateway Latency` is not a name"),
        (("  service: api-gateway\n", ""), 7, "spec.service: missing"),
        (("service: api-gateway", "service: 7"), 7, "spec.service: expected text, got `7`; put it in quotes"),
        (("service: api-gateway", "service: y"), 7, "spec.service: expected text, got `true`; put it in quotes"),
        ((INLINE, ""), 7, "spec: give indicator or indicatorRef"),
        ((INLINE, "  indicatorRef: nosuch\n"), 8, "spec.indicatorRef: there is no valid SLI `nosuch` in these files"),
        (("{duration: 28d, isRolling: true}", "{duration: 28 d, isRolling: true}"), 13, "`28 d` is not a duration"),
        (("[{duration: 28d, isRolling: true}]", "{duration: 28d}"), 13,
         "spec.timeWindow: expected a list, got a mapping"),
        (("  timeWindow: [{duration: 28d, isRolling: true}]\n", ""), 7, "spec.timeWindow: missing"),
        (("Occurrences", "occurrences"), 14,
         "spec.budgetingMethod: expected Occurrences or Timeslices or RatioTimeslices, got `occurrences`"),
        (("Occurrences", "RatioTimeslices"), 16, "timeSliceWindow: missing; budgetingMethod RatioTimeslices needs it"),
        (("target: 0.95", "target: 1"), 16, "spec.objectives[0].target: expected a number from 0 to below 1, got `1`"),
        (("target: 0.95", "target: 95"), 16,
         "spec.objectives[0].target: expected a number from 0 to below 1, got `95`"),
        (("target: 0.95", "target: 0"), 16, "spec.objectives[0].target: 0 requires nothing"),
        (("target: 0.95", "target: 0.99999999"), 16, "the share of a latency SLO is below 1 and has at most 6 digits"),
        (("series: gateway", "series: gateway, unit: 1"), 12, "unit: must be `ms`; write value in ms"),
        (("series: gateway", "measure: 'speed(a)'"), 16, "`speed` must meet its limit in every sample"),
        (("target: 0.95", "target: 95%"), 16,
         "spec.objectives[0].target: expected a number from 0 to below 1, got `95%`"),
        (("target: 0.95", "target: 0.95, targetPercent: 95"), 16, "target and targetPercent exclude each other"),
        (("op: lt, ", ""), 16, "spec.objectives[0].op: missing; a thresholdMetric needs op and value"),
        (("op: lt", "op: <"), 16, "spec.objectives[0].op: expected lt or lte or gt or gte, got `<`"),
        (("op: lt", "op: gt"), 16, "spec.objectives[0].op: a latency SLO has an upper limit"),
        (("value: 500", "value: 0"), 16, "spec.objectives[0].op: a latency SLO has an upper limit"),
        (("value: 500", "value: 500ms"), 16, "spec.objectives[0].value: expected a number, got `500ms`"),
        (("series: gateway", "series: gateway, unit: s"), 12, "unit: must be `ms`; write value in ms"),
        (("series: gateway", "serie: gateway"), 12, "give one of `series` (a latency in ms) and `measure`"),
        (("series: gateway", "series: gateway, events: all"), 12, "events: unknown key; known keys: series, unit"),
        (("type: gameday", "type: Prometheus"), 12, "metricSource.type: `Prometheus` is not supported"),
        (("series: gateway", "measure: p95(gateway)"), 12, "`p95` counts arrivals: write `series`"),
        (("series: gateway", "measure: 'metric(a, b)'"), 16, "`metric` must meet its limit in every sample"),
        (("target: 0.95", "target: 0.95, compositeWeight: 2"), 16, "compositeWeight: a weight changes how fast"),
        (("target: 0.95", "target: 0.95, goal: 1"), 16, "spec.objectives[0].goal: unknown key; known keys: "),
        (("displayName: gateway latency", "annotations: {gameday.dev/alfa: '0.01'}"), 5,
         "gameday.dev/alfa: unknown annotation; known: gameday.dev/alpha, gameday.dev/vif-floor"),
        (("displayName: gateway latency", "annotations: {gameday.dev/alpha: '0.5'}"), 5, "`0.5` is not a probability"),
        (("displayName: gateway latency", "annotations: {gameday.dev/alpha: '0'}"), 5,
         "`0` is not a probability above 0"),
        (("displayName: gateway latency", "annotations: {gameday.dev/alpha: nan}"), 5,
         "`nan` is not a probability above 0"),
        (("displayName: gateway latency", "annotations: {gameday.dev/alpha: 0.01}"), 5, "put it in quotes"),
        (("displayName: gateway latency", "annotations: {gameday.dev/vif-floor: '0.9'}"), 5, "a factor of at least 1"),
        (("displayName: gateway latency", "annotations: {gameday.dev/vif-floor: inf}"), 5, "a factor of at least 1"),
        (("displayName: gateway latency", "annotations: {-x: y z}"), 5, "`-x` is not a valid name for an annotation"),
        (("metadata: {name: latency}", "metadata: {name: latency, annotations: {gameday.dev/alpha: '0.1'}}"), 9,
         "spec.indicator.metadata.annotations.gameday.dev/alpha: not allowed here; move it to an SLO"),
    ],
)  # fmt: skip
def test_a_problem_has_file_and_line(tmp_path: Path, change: tuple[str, str], line: int, fact: str) -> None:
    found = read(tmp_path, changed(LATENCY, change))
    assert found.slos == ()
    on_line = [problem for problem in found.problems if problem.startswith(f"{tmp_path}/0.yaml:{line}:")]
    assert any(fact in problem for problem in on_line), found.problems


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        (("events: all", "events: good"), "total.metricSource.spec.events: must be `all` below `total`"),
        (
            ("series: tools, events: all", "series: gateway, events: all"),
            "must be `tools`, the series that `bad` counts",
        ),
        (("[http_503]", "http_503"), "expected a list of kinds"),
        (("[http_503]", "[]"), "expected a list of kinds"),
        (
            ("{target: 0.99}", "{target: 0.9999999999999}"),
            "more digits than `status(tools, 503) <= 0%` can express",
        ),
        (("[http_503]", "[a, '']"), "expected a list of kinds"),
        (("{target: 0.99}", "{target: 0.99, op: lt}"), "a ratioMetric is compared with target only"),
        (("        counter: true\n", ""), "counter: missing"),
        (("        total: ", "        raw: "), "raw is already a ratio: remove good and bad"),
        (("        bad: ", "        good: "), "metricSource.spec.kinds: unknown key; known keys: series, events"),
        (
            ("series: tools, events: bad", "deployment: tools, events: bad"),
            "events: unknown key; known keys: deployment",
        ),
        (
            ("[{target: 0.99}]", "[{target: 0.99}]\n  alertPolicies: [x]"),
            "[0]: expected a mapping, got `x`",
        ),
    ],
)
def test_an_inconsistent_ratio_is_refused(tmp_path: Path, change: tuple[str, str], fact: str) -> None:
    found = read(tmp_path, changed(RATIO, change))
    assert found.slos == ()
    assert any(fact in problem for problem in found.problems), found.problems


def test_gameday_annotations_are_allowed_at_an_slo_only_and_others_are_ignored(tmp_path: Path) -> None:
    sli = changed(SLI, ("{name: gateway-seconds}", "{name: gateway-seconds, annotations: {gameday.dev/alpha: '0.1'}}"))
    (problem,) = read(tmp_path, sli).problems
    fact = "SLI gateway-seconds: metadata.annotations.gameday.dev/alpha: not allowed here; move it to an SLO"
    assert problem == f"{tmp_path}/0.yaml:3:68: {fact}"
    others = ("displayName", "annotations: {example.com/alpha: 'much', alpha: '7'}\n  displayName")
    found = read(tmp_path, changed(LATENCY, others))
    assert (found.problems, found.slos[0].alpha) == ((), None)


def test_a_raw_ratio_is_valid_and_cannot_be_judged(tmp_path: Path) -> None:
    start, end = RATIO.index("        counter"), RATIO.index("  timeWindow")
    raw = "        rawType: success\n        raw: {metricSource: {type: gameday, spec: {series: tools}}}\n"
    (problem,) = read(tmp_path, RATIO[:start] + raw + RATIO[end:]).problems
    assert f"{tmp_path}/0.yaml:11:14: SLO errors: raw: a ratio that was computed elsewhere has no counts" in problem


def test_two_documents_cannot_share_a_name(tmp_path: Path) -> None:
    problems = read(tmp_path, LATENCY, f"{RATIO}---\n{LATENCY}").problems
    place = f"{tmp_path}/1.yaml:17:1: SLO gateway-latency: metadata: "
    assert [problem.split(place)[1] for problem in problems] == [
        f"the SLO at {tmp_path}/0.yaml:1:1 is already named `gateway latency`; rename one",
        f"the SLO at {tmp_path}/0.yaml:1:1 is already named `gateway-latency`; rename one",
    ]


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    first = changed(LATENCY, ("28d", "28x"), ("op: lt", "op: less"), ("  service: api-gateway\n", ""))
    second = changed(RATIO, ("openslo/v1", "v1"), ("0.99", "1.5"))
    third = changed(LATENCY, ("type: gameday", "type: Datadog"), ("gateway latency", "x"), ("gateway-latency", "z"))
    problems = read(tmp_path, first, second, "a: [", third).problems
    assert [re.sub(r".*/(\d\.yaml:\d+:\d+): .*", r"\1", problem) for problem in problems] == [
        "2.yaml:1:5", "0.yaml:7:3", "0.yaml:12:27", "0.yaml:15:12", "1.yaml:1:13", "1.yaml:15:25", "3.yaml:12:23",
    ]  # fmt: skip
