"""Measures: the values of each from what was recorded, its unit, its OpenSLO form, and one of another package."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.conditions import grammar, measure_named, parse
from harness.errors import ConditionError
from harness.measures.base import Measure
from harness.measures.counts import Counts
from harness.measures.load import LoadMeasure
from harness.measures.ratio import Ratio
from harness.measures.reading import Events, PodSample, Reading
from harness.measures.sampled import SampledMeasure
from harness.record.event import TREATMENT
from harness.record.events import LoadCounted, LoadSlice, ProbeSampled
from harness.registry import Family
from harness.slo.to_openslo import document_of
from harness.stats.histogram import middle_ms
from harness.stats.inflation import Slice
from harness.stats.sequential import SLICE_S, TestParameters
from harness.verdict.change import since
from harness.verdict.measurement import Measurement, measure, slices
from harness.verdict.timeline import Timeline
from harness.verdict.window import Question, Window
from tests.support.paths import ROOT

T0 = 1_000_000.0
ALARM = TestParameters(0.01, alarm=True)


def pod_samples(*samples: Mapping[str, float | None]) -> list[PodSample]:
    """One sample a second; None: the pod did not answer."""
    return [
        PodSample(
            T0 + second,
            {pod: value for pod, value in pods.items() if value is not None},
            frozenset(pod for pod, value in pods.items() if value is None),
        )
        for second, pods in enumerate(samples)
    ]


def readings(condition: str, *samples: Mapping[str, float | None]) -> list[Reading]:
    """The readings of a sampled measure for samples of its probe, once a second."""
    measured = parse(condition).measure
    assert isinstance(measured, SampledMeasure)
    recorded = {measured.key: pod_samples(*samples)}
    return measured.readings(recorded.__getitem__)


def values(condition: str, *samples: Mapping[str, float | None]) -> list[float | None]:
    return [reading.value for reading in readings(condition, *samples)]


def decisions(condition: str, *samples: Mapping[str, float | None]) -> list[bool | None]:
    """Whether each reading meets the condition."""
    return [parse(condition).decided_by(reading) for reading in readings(condition, *samples)]


def test_metric_is_the_sum_over_the_pods_and_unknown_without_any() -> None:
    assert values("metric(web, fill) > 0", {"a": 1, "b": 2.5}, {}, {"a": 4}) == [3.5, None, 4]


def test_metric_is_unknown_while_a_running_pod_does_not_answer() -> None:
    samples: tuple[Mapping[str, float | None], ...] = ({"a": 600, "b": 600}, {"a": 600, "b": None}, {"a": 600})
    assert decisions("metric(web, connections) < 900", *samples) == [False, None, True]
    assert decisions("metric(web, connections) > 900", *samples) == [True, None, False]


def test_rates_over_pods_are_sums() -> None:
    """Each of four replicas logs less than the limit, all together log more."""
    samples = [{pod: 5.0 * second for pod in "abcd"} for second in range(7)]
    for condition in ('log_rate(web, "failed") < 15', "rate(web, errors) < 15"):
        assert values(condition, *samples) == [20.0] * 6
        assert decisions(condition, *samples) == [False] * 6


def test_increase_is_a_lower_bound_while_a_pod_does_not_answer() -> None:
    samples: tuple[Mapping[str, float | None], ...] = ({"a": 7, "b": 1}, {"a": 9, "b": None}, {"a": 9, "b": 6})
    assert values("increase(web, hits) > 0", *samples) == [0, 2, 7]
    assert decisions("increase(web, hits) < 2", *samples) == [True, False, False]
    assert decisions("increase(web, hits) < 5", *samples) == [True, None, False]
    assert decisions("increase(web, hits) > 1", *samples) == [False, True, True]
    assert decisions("increase(web, hits) > 4", *samples) == [False, None, True]


def test_increase_starts_with_the_first_value_of_a_pod_that_did_not_answer_at_first() -> None:
    samples: tuple[Mapping[str, float | None], ...] = ({"a": 0, "b": None}, {"a": 0, "b": 5000}, {"a": 0, "b": 5001})
    assert values("increase(web, hits) > 0", *samples) == [0, 0, 1]


def test_rate_does_not_rise_when_a_pod_answers_again() -> None:
    counter: list[float | None] = [0, 10, 20, *[None] * 20, 230, 240]
    found = values("rate(web, hits) > 0", *({"a": value} for value in counter))
    assert found[-2:] == [10, 10]
    assert max(value for value in found if value is not None) == 10


def test_ratio_is_unknown_while_a_pod_does_not_answer() -> None:
    measured = parse("ratio(web, drops, sent) < 1%").measure
    assert isinstance(measured, SampledMeasure)
    recorded = {
        "metric(web, drops)": pod_samples({"a": 0, "b": 0}, {"a": 0, "b": None}, {"a": 0, "b": 20}),
        "metric(web, sent)": pod_samples({"a": 0, "b": 0}, {"a": 10, "b": None}, {"a": 20, "b": 20}),
    }
    assert [reading.value for reading in measured.readings(recorded.__getitem__)] == [None, 0.5]


def test_quantile_of_the_worst_pod_is_a_lower_bound_while_a_pod_does_not_answer() -> None:
    samples: tuple[Mapping[str, float | None], ...] = ({"a": 20, "b": None}, {"a": 700, "b": None})
    assert decisions("quantile(0.95, web, latency) < 500ms", *samples) == [None, False]


def test_breaker_is_known_to_be_open_by_one_pod_and_to_be_closed_by_all() -> None:
    samples: tuple[Mapping[str, float | None], ...] = ({"a": 0, "b": None}, {"a": 1, "b": None}, {"a": 0, "b": 0}, {})
    assert decisions("breaker(web, db) == open", *samples) == [None, True, False, None]
    assert decisions("breaker(web, db) == closed", *samples) == [None, False, True, None]
    assert decisions("breaker(web, db) != open", *samples) == [None, False, True, None]


def test_increase_counts_from_the_first_sample_and_a_new_or_restarted_pod_from_zero() -> None:
    first, grown, restarted, new = {"a": 100}, {"a": 103}, {"a": 2}, {"a": 2, "b": 5}
    assert values("increase(web, hits) > 0", first, grown, restarted, new) == [0, 3, 5, 10]
    assert values('logs(web, "x") > 0', first, grown, restarted, new) == [0, 3, 5, 10]


def test_rate_is_the_growth_per_second_over_five_samples() -> None:
    counter = [{"a": value} for value in (0, 10, 20, 30, 40, 50, 50, 50)]
    assert values("rate(web, hits) > 0", *counter) == [10, 10, 10, 10, 10, 8, 6]
    assert values('log_rate(web, "x") > 0', *counter) == [10, 10, 10, 10, 10, 8, 6]


def test_ratio_is_the_growth_of_the_part_per_growth_of_the_total() -> None:
    measured = parse("ratio(web, drops, sent) < 1%").measure
    assert isinstance(measured, SampledMeasure)
    recorded = {
        "metric(web, drops)": pod_samples({"a": 0}, {"a": 1}, {"a": 3}),
        "metric(web, sent)": pod_samples({"a": 0}, {"a": 10}, {"a": 20}),
    }
    assert [probe.key for probe in measured.probes] == list(recorded)
    assert [reading.value for reading in measured.readings(recorded.__getitem__)] == [0.1, 0.15]
    recorded["metric(web, sent)"] = pod_samples({"a": 7}, {"a": 7})
    unknown = [Reading(T0 + 1, None)]
    assert measured.readings(recorded.__getitem__) == unknown, "no ratio while the total does not grow"


def test_ratio_of_a_total_that_is_a_sum() -> None:
    """Of 30 messages 10 are sent and 20 dropped: two in three, not 200 %."""
    condition = parse('ratio(web, drops, sent{to="a+b"} + drops) < 1%')
    assert isinstance(condition.measure, SampledMeasure)
    recorded = {
        "metric(web, drops)": pod_samples({"a": 0}, {"a": 20}),
        'metric(web, sent{to="a+b"})': pod_samples({"a": 5}, {"a": 15}),
    }
    assert [probe.key for probe in condition.measure.probes] == list(recorded)
    (found,) = condition.measure.readings(recorded.__getitem__)
    assert found.value == pytest.approx(2 / 3)
    assert condition.measure.events(condition, recorded.__getitem__) == Events(30, 20, 1)


def test_events_of_a_ratio_are_what_counts_against_it() -> None:
    recorded = {
        "metric(web, ok)": pod_samples({"a": None}, {"a": 100}, {"a": 190}, {"a": None}),
        "metric(web, all)": pod_samples({"a": None}, {"a": 100}, {"a": 200}, {"a": None}),
    }
    for text, bad, allowed in (("ratio(web, ok, all) >= 95%", 10, 0.05), ("ratio(web, ok, all) < 20%", 90, 0.2)):
        condition = parse(text)
        assert isinstance(condition.measure, Ratio)
        assert condition.measure.events(condition, recorded.__getitem__) == Events(100, bad, 1)
        assert condition.measure.allowed_bad(condition) == pytest.approx(allowed)
    for text in ("ratio(web, ok, all) < 300%", "ratio(web, ok, all) <= 0%", "ratio(web, ok, all) == 50%"):
        condition = parse(text)
        assert condition.measure.allowed_bad(condition) is None


def test_quantile_is_that_of_the_worst_pod() -> None:
    assert values("quantile(0.95, web, latency) > 1s", {"a": 20, "b": 700}, {}) == [700, None]


def test_states_are_those_of_the_worst_pod_and_without_pods_health_fails() -> None:
    assert values("health(web) == failing", {"a": 0, "b": 1}, {"a": 0}, {}) == [1, 0, 1]
    assert values("breaker(web, db) == open", {"a": 0, "b": 1}, {"a": 0}, {}) == [1, 0, None]


COUNTS = Counts(sent=20, ok=12)
COUNTS.bad.update({"timeout": 3, "http_503": 1})
COUNTS.over.update({500.0: 6})


@pytest.mark.parametrize(
    ("condition", "optimistic", "pessimistic"),
    [
        ("error_rate(web) < 5%", (16, 4), (20, 8)),
        ("error_rate(web, timeout) < 5%", (16, 3), (20, 7)),
        ("status(web, 503) < 5%", (16, 1), (20, 5)),
        ("availability(web) > 95%", (16, 4), (20, 8)),
        ("count(web, timeout) == 0", (16, 3), (20, 7)),
        ("p95(web) < 500ms", (20, 6), (20, 6)),
        ("p95(web) > 500ms", (16, 2), (16, 2)),
    ],
)
def test_load_measures_count_bad_arrivals(
    condition: str, optimistic: tuple[int, int], pessimistic: tuple[int, int]
) -> None:
    """Of 20 arrivals 4 failed, 4 have no outcome yet and 6 took longer than 500 ms, the failed ones included."""
    found = parse(condition)
    assert isinstance(found.measure, LoadMeasure)
    counted = [found.measure.slice(found, COUNTS, pessimistic=which) for which in (False, True)]
    assert [(piece.n, piece.bad) for piece in counted] == [optimistic, pessimistic]


def measured(condition: str) -> Measurement:
    """Over ten seconds in which 10 of each 20 arrivals are bad; all good ones are in bucket 2457."""
    timeline = Timeline()
    for number in range(44):
        at = T0 + number * SLICE_S
        part = LoadSlice("web", at, 20, 10, {"timeout": 10}, {500.0: 10}, hist={2457: 10})
        timeline.add(LoadCounted(side=TREATMENT, until_s=at + SLICE_S, slices=(part,)))
    return measure(Question(parse(condition), ALARM), Window(timeline, T0, T0 + 10))


def test_availability_shows_the_good_share_and_is_decided_on_the_bad_one() -> None:
    available, errors = measured("availability(web) >= 99%"), measured("error_rate(web) <= 1%")
    assert (available.value, errors.value) == (0.5, 0.5)
    assert (available.holds, available.bad, available.bad_interval) == (False, errors.bad, errors.bad_interval)
    assert errors.interval == errors.bad_interval
    assert errors.bad_interval is not None
    assert available.interval == (1 - errors.bad_interval[1], 1 - errors.bad_interval[0])


def test_latency_shows_the_quantile_of_the_good_arrivals() -> None:
    found = measured("p95(web) < 500ms")
    assert found.value == middle_ms(2457)
    assert (found.holds, found.bad) == (False, 0.5)


def test_count_shows_the_number_without_an_interval() -> None:
    found = measured("count(web, timeout) == 0")
    assert (found.holds, found.value, found.interval) == (False, 400.0, None)


UNITS = {
    "availability": "ratio", "breaker": "state", "count": "count", "error_rate": "ratio", "health": "state",
    "increase": "count", "log_rate": "count", "logs": "count", "metric": "count", "pNN": "ms", "prom": "count",
    "quantile": "ms", "rate": "count", "ratio": "ratio", "status": "ratio",
}  # fmt: skip


def test_every_registered_measure_has_its_unit_and_only_availability_is_better_when_higher() -> None:
    found = {name: measure_named(name.replace("NN", "95")) for name in UNITS}
    assert set(UNITS) <= set(Family[object]("measures").names())
    assert {name: each.unit for name, each in found.items() if each} == UNITS
    assert [name for name, each in found.items() if each and each.higher_is_better] == ["availability"]


def test_every_measure_of_a_service_says_how_it_is_taken_over_the_pods() -> None:
    sampled = [
        each for name in UNITS if (each := measure_named(name.replace("NN", "95"))) and issubclass(each, SampledMeasure)
    ]
    assert len(sampled) == 10
    said = {
        each.function: re.findall("summed over the pods|of all pods|any pod", each.__doc__ or "") for each in sampled
    }
    assert [function for function, words in said.items() if not words] == []
    page = (ROOT / "docs/reference/conditions.md").read_text()
    table = page.partition("## Over the pods")[2].partition("\n- ")[0]
    assert set(re.findall(r"[a-z_]+", " ".join(re.findall(r"^\| ([a-z_, ]+) \|", table, re.M)))) == {*said, "measure"}


@pytest.mark.parametrize(
    ("condition", "fact"),
    [
        ("p95(web) > 500ms", "a latency SLO has an upper limit"),
        ("error_rate(web) > 5%", "an SLO limits bad events"),
        ("error_rate(web) <= 0%", "count(series, kind) == 0"),
        ("health(web) == failing", "an SLO can only require the state ok"),
        ("metric(web, fill) == 5", "OpenSLO has no =="),
    ],
)
def test_openslo_form_is_refused_with_the_reason(condition: str, fact: str) -> None:
    with pytest.raises(ConditionError, match=r"docs/reference/slos\.md") as caught:
        document_of(parse(condition), "x")
    assert fact in str(caught.value)


THEIRS = '''
from harness.measures.base import Condition
from harness.measures.probe import MetricProbe
from harness.measures.ratio import Ratio
from harness.measures.reading import Reading
from harness.measures.sampled import SampledMeasure
from harness.measures.selector import Selector

class Depth(SampledMeasure):
    """Length of a queue."""

    function = "depth"
    unit = "count"

    @classmethod
    def parse(cls, source):
        source.expect_args(1)
        return Condition(source.text, cls(source.args), source.op, source.number())

    @property
    def probes(self):
        return (MetricProbe(self.key, self.subject, Selector("queue_depth")),)

    def readings(self, samples):
        return [Reading(sample.at_s, max(sample.pods.values(), default=None)) for sample in samples(self.key)]
'''


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with one more measure is on the import path."""
    (tmp_path / "their_measure.py").write_text(THEIRS)
    info = tmp_path / "their_measure-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-measure\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[gameday.measures]\ndepth = their_measure:Depth\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(grammar, "_MEASURES", Family[type[Measure]]("measures"))
    monkeypatch.delitem(sys.modules, "their_measure", raising=False)


@pytest.mark.usefixtures("installed")
def test_measure_of_another_package_is_parsed_sampled_judged_and_written_as_openslo() -> None:
    condition, timeline = parse("depth(worker) < 10"), Timeline()
    assert [probe.key for probe in condition.measure.probes] == ["depth(worker)"]
    for second in range(10):
        values = {"depth(worker)": {"a": 3.0, "b": 12.0 if second < 3 else 4.0}}
        timeline.add(ProbeSampled(side=TREATMENT, t_s=T0 + second, values=values))
    window = Window(timeline, T0, T0 + 9)
    assert measure(Question(condition, ALARM), window).value == 4.0
    assert since(Question(condition, ALARM), window) == T0 + 3
    source = document_of(condition, "depth")["spec"]["indicator"]["spec"]["thresholdMetric"]["metricSource"]
    assert source == {"type": "gameday", "spec": {"measure": "depth(worker)"}}


def test_unknown_measure_lists_the_known_ones() -> None:
    with pytest.raises(ConditionError, match="there is no `depth`; known are pNN, availability, breaker, count"):
        parse("depth(worker) < 10")


def test_slices_in_which_the_generator_fell_behind_are_empty() -> None:
    timeline = Timeline()
    for number, late in enumerate((2, 3)):
        part = LoadSlice("web", T0 + number * SLICE_S, 10, 9, {"timeout": 1}, late=late)
        timeline.add(LoadCounted(side=TREATMENT, until_s=T0 + 1, slices=(part,)))
    window = Window(timeline, T0, T0 + 0.5)
    assert slices(parse("error_rate(web) < 5%"), window, pessimistic=False) == [Slice(10, 1), Slice(0, 0)]
    assert slices(parse("metric(web, fill) < 5"), window, pessimistic=False) == [], "not a measure of the load"
