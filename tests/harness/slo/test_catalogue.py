"""OpenSLO files and one-line conditions become the same SLOs."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from harness.conditions import Condition, parse
from harness.schema.tree import Plain, from_plain
from harness.slo import Catalogue, Slo, read_slos
from tests.support.paths import SLOS
from tests.support.slo import INLINE, LATENCY, RATIO, SLI, changed, read

# -- one line ----------------------------------------------------------------------------------------------------------

ALWAYS = 0.999
"""The target of conditions that must be met in every slice."""
FORMS = [
    ("p95(gateway) < 500ms", "p95(gateway) < 500ms", 0.95),
    ("p99.9(gateway)<=2s", "p99.9(gateway) <= 2000ms", 0.999),
    ("error_rate(tools) < 5%", "error_rate(tools) <= 5%", 0.95),
    ("error_rate(tools, timeout, http_503) <= 0.05", "error_rate(tools, timeout, http_503) <= 5%", 0.95),
    ("availability(valid) > 99.95%", "availability(valid) >= 99.95%", 0.9995),
    ("status(tools, 503) < 1%", "status(tools, 503) <= 1%", 0.99),
    ("count(bad_input, accepted) == 0", "count(bad_input, accepted) == 0", ALWAYS),
    ("ratio(realtime, drops, sent) < 1%", "ratio(realtime, drops, sent) <= 1%", 0.99),
    ("ratio(realtime, ok, sent) >= 99%", "ratio(realtime, ok, sent) >= 99%", 0.99),
    ("ratio(realtime, drops, sent + drops) < 1%", 'ratio(realtime, drops, "sent + drops") <= 1%', 0.99),
    ("ratio(realtime, retries, sent) < 150%", "ratio(realtime, retries, sent) < 150%", ALWAYS),
    ('metric(realtime, active{t="a, b"}) > -3', 'metric(realtime, active{t="a, b"}) > -3', ALWAYS),
    ("rate(realtime, drops) <= 1.5", "rate(realtime, drops) <= 1.5", ALWAYS),
    ("increase(realtime, drops) == 0", "increase(realtime, drops) <= 0", ALWAYS),
    ("quantile(0.95, inference, latency) < 0.5s", "quantile(0.95, inference, latency) < 500ms", ALWAYS),
    ("health(tool-service) != failing", "health(tool-service) == ok", ALWAYS),
    ("breaker(api-gateway, tools) == closed", "breaker(api-gateway, tools) == closed", ALWAYS),
    ('logs(inference, "timeout, \\"really\\"") == 0', 'logs(inference, "timeout, \\"really\\"") <= 0', ALWAYS),
    ('log_rate(inference, "a b") < 3', 'log_rate(inference, "a b") < 3', ALWAYS),
    ("prom('sum(up{job=\"web\"})') >= 2", 'prom(sum(up{job="web"})) >= 2', ALWAYS),
]


def one_line(text: Plain, title: str = "x") -> Catalogue:
    """Read one condition under `slos:` of a bindings file."""
    return read_slos([], {title: from_plain(text, "gameday.yaml:3:5")})


def slo_of(condition: str) -> Slo:
    """The SLO that a one-line condition is short for."""
    found = one_line(condition)
    assert found.problems == ()
    return found.slos[0]


@pytest.mark.parametrize(("condition", "objective", "target"), FORMS)
def test_a_one_line_condition_becomes_an_slo(condition: str, objective: str, target: float) -> None:
    slo = slo_of(condition)
    assert (slo.condition.text, slo.target, slo.window_s) == (objective, target, 28 * 86400)
    assert slo.condition == parse(objective)
    assert (slo.alpha, slo.vif_floor, slo.place) == (None, None, "gameday.yaml:3:5")


def test_the_examples_cover_every_measure() -> None:
    with pytest.raises(Exception, match="there is no `nosuch`") as refused:
        parse("nosuch(x) > 1")
    known = set(re.findall(r"\w+", str(refused.value).split("known are pNN,")[1].split(". Example")[0]))
    assert {re.split(r"[\d(]", condition, maxsplit=1)[0] for condition, _, _ in FORMS} == {"p", *known}


@pytest.mark.parametrize(
    ("condition", "fact"),
    [
        ("p95(gateway) > 500ms", "a latency SLO has an upper limit; write < or <="),
        ("p95(gateway) < 0ms", "a limit above 0"),
        ("p99.99999(gateway) < 5ms", "at most 6 digits"),
        ("error_rate(gateway) > 5%", "an SLO limits bad events"),
        ("availability(gateway) < 99%", "an SLO limits bad events"),
        ("error_rate(gateway) <= 0%", "count(series, kind) == 0"),
        ("availability(gateway) > 0%", "must be between 0 % and 100 %"),
        ("health(tool-service) == failing", "an SLO can only require the state ok"),
        ("breaker(api-gateway, tools) != closed", "an SLO can only require the state closed"),
        ("metric(a, b) == 3", "OpenSLO has no =="),
        ("p95(gateway) below 5ms", "function(arguments)"),
        ({"a": 1}, "function(arguments)"),
    ],
)
def test_a_condition_that_cannot_be_an_slo_is_refused(condition: Plain, fact: str) -> None:
    found = one_line(condition, "speed")
    assert found.slos == ()
    (problem,) = found.problems
    assert re.match(r"gameday\.yaml:3:5: (slos\.|SLO )speed: ", problem)
    assert fact in problem


def random_argument(chance: random.Random) -> str:
    """An argument with characters that need quoting, quoted as the grammar requires."""
    raw = "".join(chance.choice(["a", "b7", " ", ",", '"', "\\.", "\\\\", "{", "}", "é", "(", "="]) for _ in range(6))
    escaped = re.escape(raw.strip() or "x").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def random_condition(chance: random.Random) -> str:
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
            f"logs(d, {random_argument(chance)}) {low} {digits}",
            f"log_rate({random_argument(chance)}, {random_argument(chance)}) {low} {digits}",
            f"breaker(d, {random_argument(chance)}) == closed",
            f"count({random_argument(chance)}, {random_argument(chance)}) == 0",
        ]
    )


def meaning(condition: Condition) -> tuple[object, ...]:
    """What is judged. A share of events meets its limit when it equals it, so `<` and `<=` are the same there."""
    share = condition.unit == "ratio"
    op = condition.op.rstrip("=") if share else condition.op
    numbers = (condition.value, condition.theta, condition.over_ms)
    rounded = tuple(None if number is None else pytest.approx(number, abs=1e-8) for number in numbers)
    return condition.measure, op, *rounded


@pytest.mark.parametrize("seed", range(10))
def test_conditions_survive_the_way_to_openslo_and_back(seed: int) -> None:
    chance = random.Random(seed)
    for condition in (random_condition(chance) for _ in range(40)):
        slo = slo_of(condition)
        assert meaning(slo.condition) == meaning(parse(condition)), condition
        again = slo_of(slo.condition.text)
        assert (again.condition, again.document.plain()) == (slo.condition, slo.document.plain())


def test_document_names_are_unique_dns_labels(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(changed(LATENCY, ("gateway latency", "taken"), ("gateway-latency", "a-b")))
    titles = ["A b", "a  b!", "a b", "Задержка", "задержка", "x" * 63]
    found = read_slos([tmp_path / "a.yaml"], dict.fromkeys(titles, from_plain("p95(g) < 5ms", "gameday.yaml:3:5")))
    assert found.problems == ()
    assert [slo.name for slo in found.slos] == ["taken", *titles]
    assert [slo.document.text("metadata", "name") for slo in found.slos] == [
        "a-b", "a-b-2", "a-b-3", "a-b-4", "slo", "slo-2", "x" * 56,
    ]  # fmt: skip


def test_a_title_that_is_too_long_is_refused() -> None:
    (problem,) = one_line("p95(g) < 5ms", "x" * 64).problems
    assert "metadata.displayName: has 64 characters; the limit is 63" in problem


# -- files -------------------------------------------------------------------------------------------------------------


def test_a_latency_document_becomes_an_slo(tmp_path: Path) -> None:
    annotated = (
        "displayName: gateway latency",
        "annotations: {gameday.dev/alpha: '0.02', gameday.dev/vif-floor: '2.5'}",
    )
    (slo,) = read(tmp_path, changed(LATENCY, annotated)).slos
    assert slo == Slo(
        name="gateway-latency", condition=parse("p95(gateway) < 500ms"), target=0.95, window_s=2_419_200.0,
        place=f"{tmp_path}/0.yaml:1:1", alpha=0.02, vif_floor=2.5,
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
def test_a_document_becomes_the_equivalent_conditions(tmp_path: Path, text: str, objectives: list[str]) -> None:
    found = read(tmp_path, text)
    assert found.problems == ()
    assert [slo.condition.text for slo in found.slos] == objectives


def test_objectives_are_named_one_by_one_and_together(tmp_path: Path) -> None:
    found = read(tmp_path, changed(RATIO, ("[{target: 0.99}]", "[{target: 0.99}, {displayName: hope, target: 0.999}]")))
    assert [slo.name for slo in found.slos] == ["errors: #1", "errors: hope"]
    assert found.named("errors") == found.slos
    assert found.named("errors: hope") == found.slos[1:]
    assert found.named("error") == ()


@pytest.mark.parametrize(
    ("duration", "days"), [("5m", 5 / 1440), ("12h", 0.5), ("2w", 14), ("1M", 30), ("1Q", 90), ("1Y", 365)]
)
def test_the_time_window_is_in_seconds(tmp_path: Path, duration: str, days: float) -> None:
    assert read(tmp_path, changed(LATENCY, ("28d", duration))).slos[0].window_s == days * 86400


def test_an_indicator_can_be_in_another_file(tmp_path: Path) -> None:
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


def test_the_shipped_slo_files() -> None:
    found = read_slos(sorted(SLOS.glob("*.yaml")))
    assert found.problems == ()
    assert {slo.name: slo.condition.text for slo in found.slos} == {
        "gateway latency": "p95(gateway) < 500ms",
        "gateway availability": "availability(gateway) >= 99%",
        "tool calls": "availability(tools) >= 99%",
        "valid requests accepted": "availability(valid) >= 99%",
        "bad input accepted": "count(bad_input, accepted) == 0",
        "websocket connects": "availability(connects) >= 99.5%",
        "dropped messages": "ratio(realtime, websocket_backpressure_drops, "
        '"websocket_messages_total + websocket_backpressure_drops") <= 1%',
    }
