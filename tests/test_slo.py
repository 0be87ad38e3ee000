"""SLOs: OpenSLO files and one-line conditions become the same conditions; every mistake is told with its place."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from harness import bindings
from harness.conditions import Condition, parse
from harness.errors import BindingError
from harness.gameday.plan import make_plan
from harness.gameday.run import _drill_header
from harness.runbook import read as read_document
from harness.slo import Slo, read_slos
from tests.gameday_kit import BINDINGS, RUNBOOK, SLOS, gameday
from tests.slo_kit import LATENCY, RATIO, changed, read

# -- one line ----------------------------------------------------------------------------------------------------------

ALWAYS = 0.999
FORMS = [
    ("p95(gateway) < 500ms", "p95(gateway) < 500ms", 0.95),
    ("p99.9(gateway)<=2s", "p99.9(gateway) <= 2000ms", 0.999),
    ("error_rate(tools) < 5%", "error_rate(tools) <= 5%", 0.95),
    ("error_rate(tools, timeout, http_503) <= 0.05", "error_rate(tools, timeout, http_503) <= 5%", 0.95),
    ("availability(valid) > 99.95%", "availability(valid) >= 99.95%", 0.9995),
    ("status(tools, 503) < 1%", "status(tools, 503) <= 1%", 0.99),
    ("count(bad_input, accepted) == 0", "count(bad_input, accepted) == 0", ALWAYS),
    ("count(bad_input, accepted) < 5", "count(bad_input, accepted) < 5", ALWAYS),
    ("ratio(realtime, drops, sent) < 1%", "ratio(realtime, drops, sent) <= 1%", 0.99),
    ("ratio(realtime, ok, sent) >= 99%", "ratio(realtime, ok, sent) >= 99%", 0.99),
    ("ratio(realtime, retries, sent) < 150%", "ratio(realtime, retries, sent) < 150%", ALWAYS),
    ('metric(realtime, active{t="a, b"}) > -3', 'metric(realtime, active{t="a, b"}) > -3', ALWAYS),
    ("rate(realtime, drops) <= 1.5", "rate(realtime, drops) <= 1.5", ALWAYS),
    ("increase(realtime, drops) == 0", "increase(realtime, drops) <= 0", ALWAYS),
    ("quantile(0.95, inference, latency) < 0.5s", "quantile(0.95, inference, latency) < 500ms", ALWAYS),
    ("health(tool-service) != failing", "health(tool-service) == ok", ALWAYS),
    ("breaker(api-gateway, tools) == closed", "breaker(api-gateway, tools) == closed", ALWAYS),
    ('logs(inference, "timeout, \\"really\\"") == 0', 'logs(inference, "timeout, \\"really\\"") <= 0', ALWAYS),
    ('log_rate(inference, "a b") < 3', 'log_rate(inference, "a b") < 3', ALWAYS),
]


def one(sentence: object, title: str = "x") -> Slo:
    """The SLO that a sentence is short for."""
    found = read_slos([], {title: sentence}, "gameday.yaml: slos")
    assert found.problems == ()
    return found.slos[0]


@pytest.mark.parametrize(("sentence", "objective", "target"), FORMS)
def test_a_sentence_is_short_for_a_document(sentence: str, objective: str, target: float) -> None:
    slo = one(sentence)
    assert (slo.condition.text, slo.target, slo.window_s) == (objective, target, 28 * 86400)
    assert slo.condition == parse(objective)
    assert (slo.alpha, slo.vif_floor, slo.place) == (None, None, "gameday.yaml: slos.x")


def test_every_form_that_an_slo_can_have_is_tried() -> None:
    with pytest.raises(Exception, match="there is no `nosuch`") as refused:
        parse("nosuch(x) > 1")
    known = set(re.findall(r"\w+", str(refused.value).split("known are pNN,")[1].split(". Example")[0]))
    assert {re.split(r"[\d(]", sentence, maxsplit=1)[0] for sentence, _, _ in FORMS} == {"p", *known}


@pytest.mark.parametrize(
    ("sentence", "fact"),
    [
        ("p95(gateway) > 500ms", "write < or <="),
        ("p95(gateway) < 0ms", "stay below a number"),
        ("p99.99999(gateway) < 5ms", "at most 6 digits"),
        ("error_rate(gateway) > 5%", "few bad events"),
        ("availability(gateway) < 99%", "few bad events"),
        ("error_rate(gateway) <= 0%", "count(series, kind) == 0"),
        ("availability(gateway) >= 0%", "between 0 % and 100 %"),
        ("health(tool-service) == failing", "a promise is that it is ok"),
        ("breaker(api-gateway, tools) != closed", "a promise is that it is closed"),
        ("metric(a, b) == 3", "OpenSLO has no =="),
        ("p95(gateway) below 5ms", "function(arguments)"),
        ({"a": 1}, "function(arguments)"),
    ],
)
def test_a_sentence_that_promises_nothing_is_refused(sentence: object, fact: str) -> None:
    found = read_slos([], {"speed": sentence}, "gameday.yaml: slos")
    assert found.slos == ()
    (problem,) = found.problems
    assert problem.startswith("gameday.yaml: slos.speed: ")
    assert fact in problem


def words(chance: random.Random) -> str:
    """Some argument that a runbook's author may write, quoted as the grammar wants it."""
    raw = "".join(chance.choice(["a", "b7", " ", ",", '"', "\\.", "\\\\", "{", "}", "é", "(", "="]) for _ in range(6))
    escaped = re.escape(raw.strip() or "x").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def random_sentence(chance: random.Random) -> str:
    percent, digits = f"{chance.uniform(0.001, 99.9):.3f}%", f"{chance.uniform(0.1, 9999):.3f}"
    low, series, metric = chance.choice(["<", "<="]), f"s{chance.randrange(99)}", f"m_{chance.randrange(99)}"
    return chance.choice(
        [
            f"p{chance.choice([50, 90, 95, 99, 99.9, 99.99, 12.5])}({series}) {low} {digits}ms",
            f"error_rate({series}, timeout, http_{chance.randrange(100, 600)}) {low} {percent}",
            f"status({series}, {chance.randrange(100, 600)}) {low} {percent}",
            f"availability({series}) {chance.choice(['>', '>='])} {percent}",
            f"ratio(d, {metric}, n) {chance.choice(['<', '<=', '>', '>='])} {percent}",
            f"metric(d, {metric}) {chance.choice(['<', '<=', '>', '>='])} {digits}",
            f'metric(d, {metric}{{l="a, b"}}) < {digits}',
            f"quantile(0.{chance.randrange(1, 99):02}, d, {metric}) {low} {digits}ms",
            f"logs(d, {words(chance)}) {low} {digits}",
            f"log_rate({words(chance)}, {words(chance)}) {low} {digits}",
            f"breaker(d, {words(chance)}) == closed",
            f"count({words(chance)}, {words(chance)}) == 0",
        ]
    )


def meaning(condition: Condition) -> tuple[object, ...]:
    """What is judged; a share of events is met when it is reached, so there `<` and `<=` are one."""
    share = condition.measure.fn in ("error_rate", "ratio")
    op = condition.op.rstrip("=") if share else condition.op
    numbers = (condition.value, condition.theta, condition.over_ms)
    rounded = tuple(None if number is None else pytest.approx(number, abs=1e-8) for number in numbers)
    return condition.measure, op, *rounded, condition.kinds, condition.unit == "ms"


@pytest.mark.parametrize("seed", range(300))
def test_sentences_go_to_documents_and_back(seed: int) -> None:
    sentence = random_sentence(random.Random(seed))
    slo = one(sentence)
    assert meaning(slo.condition) == meaning(parse(sentence)), sentence
    again = one(slo.condition.text)
    assert (again.condition, again.document.plain()) == (slo.condition, slo.document.plain())


def test_names_of_documents_are_dns_names_and_never_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(changed(LATENCY, ("gateway latency", "taken"), ("gateway-latency", "a-b")))
    titles = ["A b", "a  b!", "a b", "Задержка", "задержка", "x" * 63]
    found = read_slos([tmp_path / "a.yaml"], dict.fromkeys(titles, "p95(g) < 5ms"), "slos")
    assert found.problems == ()
    assert [slo.name for slo in found.slos] == ["taken", *titles]
    assert [slo.document.text("metadata", "name") for slo in found.slos] == [
        "a-b", "a-b-2", "a-b-3", "a-b-4", "slo", "slo-2", "x" * 56,
    ]  # fmt: skip


def test_a_title_that_is_too_long_is_refused() -> None:
    (problem,) = read_slos([], {"x" * 64: "p95(g) < 5ms"}, "gameday.yaml: slos").problems
    assert "metadata.displayName: has 64 characters; at most 63 belong here" in problem


# -- files -------------------------------------------------------------------------------------------------------------


def test_a_latency(tmp_path: Path) -> None:
    annotated = (
        "displayName: gateway latency",
        "annotations: {gameday.dev/alpha: '0.02', gameday.dev/vif-floor: '2.5'}",
    )
    (slo,) = read(tmp_path, changed(LATENCY, annotated)).slos
    assert slo == Slo(
        name="gateway-latency", condition=parse("p95(gateway) < 500ms"), target=0.95, window_s=2_419_200.0,
        place=f"{tmp_path}/0.yaml:1", alpha=0.02, vif_floor=2.5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "objectives"),
    [
        (changed(LATENCY, ("target: 0.95", "targetPercent: 99.9")), ["p99.9(gateway) < 500ms"]),
        (changed(LATENCY, ("op: lt, value: 500", "op: lte, value: 0.25")), ["p95(gateway) <= 0.25ms"]),
        (changed(LATENCY, ("series: gateway", "series: gateway, unit: ms")), ["p95(gateway) < 500ms"]),
        (
            changed(LATENCY, ("Occurrences", "Timeslices"), ("0.95", "0.9, timeSliceTarget: 0.9, timeSliceWindow: 5m")),
            ["p90(gateway) < 500ms"],
        ),
        (changed(RATIO), ["status(tools, 503) <= 1%"]),
        (changed(RATIO, (", kinds: [http_503]", "")), ["error_rate(tools) <= 1%"]),
        (changed(RATIO, ("[http_503]", "[http_503, timeout]")), ["error_rate(tools, http_503, timeout) <= 1%"]),
        (
            changed(RATIO, ("bad:", "good:"), ("events: bad, kinds: [http_503]", "events: good"), ("0.99", "0.995")),
            ["availability(tools) >= 99.5%"],
        ),
        (
            changed(RATIO, ("Occurrences", "Timeslices"), ("0.99", "0.9, timeSliceTarget: 1, timeSliceWindow: 1m")),
            ["count(tools, http_503) == 0"],
        ),
        (
            changed(RATIO, ("[{target: 0.99}]", "[{target: 0.99}, {displayName: hope, target: 0.999}]")),
            ["status(tools, 503) <= 1%", "status(tools, 503) <= 0.1%"],
        ),
        ("[{apiVersion: openslo/v1, kind: Service, metadata: {name: a}, spec: {}}]", []),
    ],
)  # fmt: skip
def test_a_document_says_what_its_sentence_says(tmp_path: Path, text: str, objectives: list[str]) -> None:
    found = read(tmp_path, text)
    assert found.problems == ()
    assert [slo.condition.text for slo in found.slos] == objectives


def test_several_objectives_have_names_of_their_own_and_one_together(tmp_path: Path) -> None:
    found = read(tmp_path, changed(RATIO, ("[{target: 0.99}]", "[{target: 0.99}, {displayName: hope, target: 0.999}]")))
    assert [slo.name for slo in found.slos] == ["errors: #1", "errors: hope"]
    assert found.named("errors") == found.slos
    assert found.named("errors: hope") == found.slos[1:]
    assert found.named("error") == ()


@pytest.mark.parametrize(
    ("duration", "days"), [("5m", 5 / 1440), ("12h", 0.5), ("2w", 14), ("1M", 30), ("1Q", 90), ("1Y", 365)]
)
def test_a_window_is_kept_in_seconds(tmp_path: Path, duration: str, days: float) -> None:
    assert read(tmp_path, changed(LATENCY, ("28d", duration))).slos[0].window_s == days * 86400


SLI = """\
apiVersion: openslo/v1
kind: SLI
metadata: {name: gateway-seconds}
spec: {thresholdMetric: {metricSource: {type: gameday, spec: {series: gateway}}}}
"""
INLINE = LATENCY[LATENCY.index("  indicator:") : LATENCY.index("  timeWindow")]


def test_an_indicator_may_stand_in_another_file(tmp_path: Path) -> None:
    found = read(tmp_path, changed(LATENCY, (INLINE, "  indicatorRef: gateway-seconds\n")), SLI)
    assert found.problems == ()
    assert [slo.condition.text for slo in found.slos] == ["p95(gateway) < 500ms"]
    shown = found.slos[0].document
    assert (shown.at("spec", "indicatorRef"), shown.text("spec", "indicator", "metadata", "name")) == (
        None, "gateway-seconds",
    )  # fmt: skip


def test_a_composite_slo_has_an_indicator_for_each_objective(tmp_path: Path) -> None:
    both = """\
    - {indicatorRef: gateway-seconds, op: lt, value: 500, target: 0.95}
    - {displayName: up, target: 0.999, compositeWeight: 1, indicator: {metadata: {name: up}, spec: {ratioMetric: {
        counter: true, good: {metricSource: {type: gameday, spec: {series: gateway, events: good}}},
        total: {metricSource: {type: gameday, spec: {series: gateway, events: all}}}}}}}
"""
    found = read(tmp_path, changed(LATENCY, (INLINE, ""), ("    - {op: lt, value: 500, target: 0.95}\n", both)), SLI)
    assert found.problems == ()
    assert [(slo.name, slo.condition.text) for slo in found.slos] == [
        ("gateway latency: #1", "p95(gateway) < 500ms"),
        ("gateway latency: up", "availability(gateway) >= 99.9%"),
    ]


def test_the_shipped_slos() -> None:
    found = read_slos(sorted(SLOS.glob("*.yaml")), {}, "")
    assert found.problems == ()
    assert {slo.name: slo.condition.text for slo in found.slos} == {
        "gateway latency": "p95(gateway) < 500ms",
        "gateway availability": "availability(gateway) >= 99%",
        "tool calls": "availability(tools) >= 99%",
        "valid requests accepted": "availability(valid) >= 99%",
        "bad input accepted": "count(bad_input, accepted) == 0",
        "websocket connects": "availability(connects) >= 99.5%",
        "dropped messages": "ratio(realtime, websocket_backpressure_drops, websocket_messages_total) <= 1%",
    }


# -- mistakes ----------------------------------------------------------------------------------------------------------

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
        (("type: gameday", "type: Prometheus"), 12, "metricSource.type: `Prometheus` is not measured here"),
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


# -- in the bindings ---------------------------------------------------------------------------------------------------

BOUND = """\
version: 1
slo_files: [promises/*.yaml]
slos: {quick tools: p99(tools) < 1s}
faults: {f: [{at: load, fault: surge, factor: 2}]}
runbooks:
  TIMEOUT: {scenario: timeout, service: api-gateway, series: gateway, fault: f, 
    slos: [gateway-latency, errors, quick tools]}
"""


def bound(folder: Path, text: str = BOUND) -> bindings.Bindings:
    """These bindings beside two OpenSLO files."""
    (folder / "promises").mkdir()
    (folder / "promises" / "a.yaml").write_text(
        changed(LATENCY, ("  displayName", "  annotations: {gameday.dev/alpha: '0.02'}\n  displayName"))
    )
    (folder / "promises" / "b.yaml").write_text(changed(RATIO, ("[{target: 0.99}]", "[{target: 0.9}, {target: 0.99}]")))
    (folder / "gameday.yaml").write_text(text)
    return bindings.load(folder / "gameday.yaml")


def test_bindings_take_files_and_sentences(tmp_path: Path) -> None:
    slos = bound(tmp_path).runbooks["TIMEOUT"].slos
    assert {name: slo.condition.text for name, slo in slos.items()} == {
        "gateway latency": "p95(gateway) < 500ms",
        "errors: #1": "status(tools, 503) <= 10%",
        "errors: #2": "status(tools, 503) <= 1%",
        "quick tools": "p99(tools) < 1000ms",
    }
    assert (slos["gateway latency"].alpha, slos["quick tools"].alpha) == (0.02, None)
    assert slos["errors: #1"].place == f"{tmp_path}/promises/b.yaml:1"


def test_problems_of_files_and_of_the_bindings_are_told_together(tmp_path: Path) -> None:
    text = changed(BOUND, ("promises/*", "promise/*"), ("p99(tools) < 1s", "p99(tools) > 1s"))
    with pytest.raises(BindingError) as refused:
        bound(tmp_path, text)
    said = str(refused.value)
    assert f"{tmp_path}/gameday.yaml: slo_files: `promise/*.yaml` matches no file beside gameday.yaml" in said
    assert f"{tmp_path}/gameday.yaml: slos.quick tools: condition `p99(tools) > 1s`: no promise" in said
    assert "runbooks.TIMEOUT.slos: there is no SLO `gateway-latency`; known are none" in said


def test_a_record_says_all_that_its_judge_needs(tmp_path: Path) -> None:
    plan = make_plan(read_document(RUNBOOK), bound(tmp_path), ["TIMEOUT"])
    header = _drill_header(plan.drills[0], plan)
    assert header["slos"][:2] == [  # type: ignore[index]
        {"name": "gateway latency", "objective": "p95(gateway) < 500ms", "alpha": 0.02, "vif_floor": None,
         "window_s": 2_419_200.0, "target": 0.95},
        {"name": "errors: #1", "objective": "status(tools, 503) <= 10%", "alpha": None, "vif_floor": None,
         "window_s": 2_419_200.0, "target": 0.9},
    ]  # fmt: skip


# -- gameday slo -------------------------------------------------------------------------------------------------------


def test_check_prints_sentences_and_every_problem(tmp_path: Path) -> None:
    annotated = (
        "  displayName",
        "  annotations: {gameday.dev/alpha: '0.02', gameday.dev/vif-floor: '2'}\n  displayName",
    )
    (tmp_path / "a.yaml").write_text(changed(LATENCY, annotated))
    (tmp_path / "b.yaml").write_text(changed(RATIO, ("0.99", "1.5")))
    done = gameday("slo", "check", "a.yaml", "b.yaml", "nosuch.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == "gateway latency: p95(gateway) < 500ms  (alpha 0.02)  (vif floor 2)\n"
    assert done.stderr.split("\n") == [
        "gameday: nosuch.yaml: cannot be read (No such file or directory); name an OpenSLO file",
        "b.yaml:15: SLO errors: spec.objectives[0].target: 1.5 is not a number from 0 to below 1",
        "Forms: docs/slos.md",
        "",
    ]


def test_check_for_machines(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(LATENCY)
    done = gameday("slo", "check", "a.yaml", "--format", "json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "slos": [{"name": "gateway latency", "objective": "p95(gateway) < 500ms", "target": 0.95,
                  "window_s": 2_419_200.0, "alpha": None, "vif_floor": None, "place": "a.yaml:1"}],
        "problems": [],
    }  # fmt: skip


def test_show_prints_the_slos_of_a_run_as_openslo(tmp_path: Path) -> None:
    done = gameday("slo", "show", RUNBOOK, "--bindings", BINDINGS, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "---\n# judges TIMEOUT, TOOL_DOWN, VALIDATION_FAIL\n" in done.stdout
    shown = read(tmp_path, done.stdout)
    assert shown.problems == ()
    bound_ = bindings.load(BINDINGS).runbooks.values()
    assert {slo.name: slo.condition for slo in shown.slos} == {
        name: slo.condition for binding in bound_ for name, slo in binding.slos.items()
    }


def test_show_writes_out_what_was_said_in_one_line(tmp_path: Path) -> None:
    bound(tmp_path)
    done = gameday("slo", "show", RUNBOOK, "--only", "TIMEOUT", "--bindings", "gameday.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("kind: SLO") == 3, "an SLO with two objectives is one document"
    assert {slo.name: slo.condition.text for slo in read(tmp_path, done.stdout).slos} == {
        "gateway latency": "p95(gateway) < 500ms",
        "errors: #1": "status(tools, 503) <= 10%",
        "errors: #2": "status(tools, 503) <= 1%",
        "quick tools": "p99(tools) < 1000ms",
    }


def test_show_of_runbooks_that_nobody_binds(tmp_path: Path) -> None:
    (tmp_path / "gameday.yaml").write_text("version: 1\n")
    done = gameday("slo", "show", RUNBOOK, "--bindings", "gameday.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "gameday.yaml: binds none of these runbooks" in done.stderr
