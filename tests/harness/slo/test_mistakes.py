"""Every mistake in an OpenSLO file is told with its place, all of them at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.slo import INLINE, LATENCY, RATIO, SLI, changed, read

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)
MERGED = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 9))


@pytest.mark.parametrize(
    ("text", "line", "fact"),
    [
        ("a: [b", 1, "not YAML"),
        ("a: 1\nb: &x [*x]", 2, "nested too deep"),
        ("a: &x {<<: *x}", 1, "nested too deep"),
        ("[" * 5000, None, "nested too deep"),
        (LAUGHS, 1, "more than 50000 values"),
        (MERGED, 1, "more than 50000 values"),
        ("x" * 1_000_001, None, "longer than 1000000 characters"),
        ("a: !!python/object:os.system x", 1, "is not read here"),
        ("a: 1\n? [b]\n: c", 2, "a key has to be one word"),
        ("a: .inf", 1, "no number to compare with"),
        ("a: " + "9" * 5000, 1, "is no number"),
        ("a: " + "9" * 400, 1, "no number to compare with"),
        ("\x00", None, "not YAML"),
        ("", None, "holds no document"),
        ("# nothing\n---\n", None, "holds no document"),
        ("hello", 1, "a mapping belongs here"),
        (changed(LATENCY, ("  service: api-gateway", "  service: a\n  service: b")), 8, "`service` is given twice"),
    ],
)
def test_what_cannot_be_read_at_all(tmp_path: Path, text: str, line: int | None, fact: str) -> None:
    found = read(tmp_path, text)
    assert found.slos == ()
    (problem, *more) = found.problems
    assert problem.startswith(f"{tmp_path}/0.yaml" + (f":{line}: " if line else ": "))
    assert fact in problem
    assert not more or text == "hello"


@pytest.mark.parametrize(
    ("change", "line", "fact"),
    [
        (("openslo/v1", "openslo/v1alpha"), 1, "apiVersion: `openslo/v1alpha` is not openslo/v1"),
        (("kind: SLO", "kind: SLA"), 2, "kind: `SLA` is not SLO or"),
        (("  name: gateway-latency\n", ""), 4, "metadata.name: missing"),
        (("name: gateway-latency", "name: Gateway Latency"), 4, "metadata.name: `Gateway Latency` is not a name"),
        (("  service: api-gateway\n", ""), 7, "spec.service: missing"),
        (("service: api-gateway", "service: 7"), 7, "spec.service: text belongs here, not `7`; put it in quotes"),
        (("service: api-gateway", "service: y"), 7, "spec.service: text belongs here, not `true`; put it in quotes"),
        ((INLINE, ""), 7, "spec: give indicator or indicatorRef"),
        ((INLINE, "  indicatorRef: nosuch\n"), 8, "spec.indicatorRef: there is no sound SLI `nosuch` in these files"),
        (("{duration: 28d, isRolling: true}", "{duration: 28 d, isRolling: true}"), 13, "`28 d` is not a duration"),
        (("[{duration: 28d, isRolling: true}]", "{duration: 28d}"), 13, "spec.timeWindow: a list belongs here"),
        (("  timeWindow: [{duration: 28d, isRolling: true}]\n", ""), 7, "spec.timeWindow: missing"),
        (("Occurrences", "occurrences"), 14, "spec.budgetingMethod: `occurrences` is not Occurrences or"),
        (("Occurrences", "RatioTimeslices"), 16, "timeSliceWindow: missing; budgetingMethod RatioTimeslices needs it"),
        (("target: 0.95", "target: 1"), 16, "spec.objectives[0].target: 1 is not a number from 0 to below 1"),
        (("target: 0.95", "target: 95"), 16, "spec.objectives[0].target: 95 is not a number from 0 to below 1"),
        (("target: 0.95", "target: 0"), 16, "spec.objectives[0].target: 0 promises nothing"),
        (("target: 0.95", "target: 0.99999999"), 16, "a latency's share is below 1 and has at most 6 digits"),
        (("series: gateway", "series: gateway, unit: 1"), 12, "unit: a latency is in `ms` here; write value in ms"),
        (("series: gateway", "measure: 'speed(a)'"), 16, "`speed` has to hold at every look"),
        (("target: 0.95", "target: 95%"), 16, "spec.objectives[0].target: a number from 0 to below 1 belongs here"),
        (("target: 0.95", "target: 0.95, targetPercent: 95"), 16, "target and targetPercent exclude each other"),
        (("op: lt, ", ""), 16, "spec.objectives[0].op: missing; a thresholdMetric is compared by op with value"),
        (("op: lt", "op: <"), 16, "spec.objectives[0].op: `<` is not lt or lte or gt or gte"),
        (("op: lt", "op: gt"), 16, "spec.objectives[0].op: a latency's promise is to stay below a positive number"),
        (("value: 500", "value: 0"), 16, "spec.objectives[0].op: a latency's promise is to stay below"),
        (("value: 500", "value: 500ms"), 16, "spec.objectives[0].value: a number belongs here, not `500ms`"),
        (("series: gateway", "series: gateway, unit: s"), 12, "unit: a latency is in `ms` here; write value in ms"),
        (("series: gateway", "serie: gateway"), 12, "give one of `series` (a latency in ms) and `measure`"),
        (("series: gateway", "series: gateway, events: all"), 12, "events: not known here; known are series, unit"),
        (("type: gameday", "type: Prometheus"), 12, "metricSource.type: `Prometheus` is not supported"),
        (("series: gateway", "measure: p95(gateway)"), 12, "`p95` counts arrivals: write `series`"),
        (("series: gateway", "measure: 'metric(a, b)'"), 16, "`metric` has to hold at every look"),
        (("target: 0.95", "target: 0.95, compositeWeight: 2"), 16, "compositeWeight: a weight says how fast"),
        (("target: 0.95", "target: 0.95, goal: 1"), 16, "spec.objectives[0].goal: not known here; known are"),
        (("displayName: gateway latency", "annotations: {gameday.dev/alfa: '0.01'}"), 5,
         "gameday.dev/alfa: not known here; known are gameday.dev/alpha, gameday.dev/vif-floor"),
        (("displayName: gateway latency", "annotations: {gameday.dev/alpha: '0.5'}"), 5, "`0.5` is not a chance"),
        (("displayName: gateway latency", "annotations: {gameday.dev/alpha: '0'}"), 5, "`0` is not a chance above 0"),
        (("displayName: gateway latency", "annotations: {gameday.dev/alpha: nan}"), 5, "`nan` is not a chance above 0"),
        (("displayName: gateway latency", "annotations: {gameday.dev/alpha: 0.01}"), 5, "put it in quotes"),
        (("displayName: gateway latency", "annotations: {gameday.dev/vif-floor: '0.9'}"), 5, "a factor of at least 1"),
        (("displayName: gateway latency", "annotations: {gameday.dev/vif-floor: inf}"), 5, "a factor of at least 1"),
        (("displayName: gateway latency", "annotations: {-x: y z}"), 5, "`-x` is no name for an annotation"),
        (("metadata: {name: latency}", "metadata: {name: latency, annotations: {gameday.dev/alpha: '0.1'}}"), 9,
         "spec.indicator.metadata.annotations.gameday.dev/alpha: not known here; it belongs at an SLO"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(tmp_path: Path, change: tuple[str, str], line: int, fact: str) -> None:
    found = read(tmp_path, changed(LATENCY, change))
    assert found.slos == ()
    said = [problem for problem in found.problems if problem.startswith(f"{tmp_path}/0.yaml:{line}: ")]
    assert any(fact in problem for problem in said), found.problems


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        (("events: all", "events: good"), "total.metricSource.spec.events: `all` belongs at `total`"),
        (
            ("series: tools, events: all", "series: gateway, events: all"),
            "is not `tools`, of which `bad` counts a part",
        ),
        (("[http_503]", "http_503"), "a list of kinds belongs here"),
        (("[http_503]", "[]"), "a list of kinds belongs here"),
        (("{target: 0.99}", "{target: 0.9999999999999}"), "has more digits than `status(tools, 503) <= 0%` can say"),
        (("[http_503]", "[a, '']"), "a list of kinds belongs here"),
        (("{target: 0.99}", "{target: 0.99, op: lt}"), "a ratioMetric is compared with target alone"),
        (("        counter: true\n", ""), "counter: missing"),
        (("        total: ", "        raw: "), "raw is a ratio by itself: leave good and bad out"),
        (("        bad: ", "        good: "), "metricSource.spec.kinds: not known here; known are series, events"),
        (
            ("series: tools, events: bad", "deployment: tools, events: bad"),
            "events: not known here; known are deployment",
        ),
        (("[{target: 0.99}]", "[{target: 0.99}]\n  alertPolicies: [x]"), "alertPolicies[0]: a mapping belongs here"),
    ],
)
def test_a_ratio_that_does_not_fit_together(tmp_path: Path, change: tuple[str, str], fact: str) -> None:
    found = read(tmp_path, changed(RATIO, change))
    assert found.slos == ()
    assert any(fact in problem for problem in found.problems), found.problems


def test_our_annotations_belong_at_an_slo_and_others_are_left_alone(tmp_path: Path) -> None:
    sli = changed(SLI, ("{name: gateway-seconds}", "{name: gateway-seconds, annotations: {gameday.dev/alpha: '0.1'}}"))
    (problem,) = read(tmp_path, sli).problems
    assert (
        f"{tmp_path}/0.yaml:3: SLI gateway-seconds: metadata.annotations.gameday.dev/alpha: not known here" in problem
    )
    others = ("displayName", "annotations: {example.com/alpha: 'much', alpha: '7'}\n  displayName")
    found = read(tmp_path, changed(LATENCY, others))
    assert (found.problems, found.slos[0].alpha) == ((), None)


def test_a_ratio_that_somebody_else_computed_is_valid_and_cannot_be_judged(tmp_path: Path) -> None:
    start, end = RATIO.index("        counter"), RATIO.index("  timeWindow")
    raw = "        rawType: success\n        raw: {metricSource: {type: gameday, spec: {series: tools}}}\n"
    (problem,) = read(tmp_path, RATIO[:start] + raw + RATIO[end:]).problems
    assert f"{tmp_path}/0.yaml:11: SLO errors: raw: a ratio that somebody else computed has no counts" in problem


def test_two_documents_of_one_name(tmp_path: Path) -> None:
    problems = read(tmp_path, LATENCY, f"{RATIO}---\n{LATENCY}").problems
    place = f"{tmp_path}/1.yaml:17: SLO gateway-latency: metadata: "
    assert [problem.split(place)[1] for problem in problems] == [
        f"`gateway latency` names the SLO at {tmp_path}/0.yaml:1 already; rename one",
        f"`gateway-latency` names the SLO at {tmp_path}/0.yaml:1 already; rename one",
    ]


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    first = changed(LATENCY, ("28d", "28x"), ("op: lt", "op: less"), ("  service: api-gateway\n", ""))
    second = changed(RATIO, ("openslo/v1", "v1"), ("0.99", "1.5"))
    third = changed(LATENCY, ("type: gameday", "type: Datadog"), ("gateway latency", "x"), ("gateway-latency", "z"))
    problems = read(tmp_path, first, second, "a: [", third).problems
    assert [re.sub(r".*/(\d\.yaml:\d+): .*", r"\1", problem) for problem in problems] == [
        "2.yaml:1", "0.yaml:7", "0.yaml:12", "0.yaml:15", "1.yaml:1", "1.yaml:15", "3.yaml:12",
    ]  # fmt: skip
