"""What the history keeps of a run, from the events of its record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.history.collect import Collector, quantiles_of
from harness.history.entry import RunEntry, Second
from harness.history.profile import measured
from harness.record.event import CONTROL, TREATMENT, Event, SideName
from harness.record.events import (
    ControlPlanned,
    DrillEnded,
    DrillStarted,
    EnvironmentFound,
    LoadCounted,
    LoadSlice,
    LoadStarted,
    PhaseEnded,
    PhaseStarted,
    ReferenceSampled,
    RunEnded,
    RunStarted,
)
from harness.record.journal import read_events
from harness.stats.histogram import middle_ms
from harness.stats.inflation import MARGIN
from harness.verdict.gameday import judge_record
from harness.verdict.result import Verdict
from tests.support.simulated_drill import World, incident

FAST, SLOW = 1000, 2000
"""Buckets: 15 ms and 237 ms."""
BEGIN_S = 1000.0


def counted(drill: str, side: SideName, at_s: float, series: str = "gateway", **counts: int) -> LoadCounted:
    """The arrivals of one slice: `fast` (9), `slow` (1), `bad` and `late` ones."""
    fast, slow, bad = counts.get("fast", 9), counts.get("slow", 1), counts.get("bad", 0)
    part = LoadSlice(series, at_s, fast + slow + bad, fast + slow, late=counts.get("late", 0))
    part = replace(part, bad={"http_503": bad} if bad else {}, hist={FAST: fast, SLOW: slow})
    return LoadCounted(t_s=at_s + 1, drill=drill, side=side, until_s=at_s + 0.25, slices=(part,))


def drill(name: str = "WEB", scenario: str = "web", baseline_s: float = 5.6, **counts: int) -> Iterator[Event]:
    """A drill with ten arrivals in each slice, from a second before its baseline phase to seven after its begin."""
    yield DrillStarted(drill=name, title=name, line=1, fault="f", scenario=scenario, rate_per_s=40)
    for side in (TREATMENT, CONTROL):
        yield LoadStarted(drill=name, side=side, engine="worker", series=("gateway", "valid"))
    yield PhaseStarted(t_s=BEGIN_S, drill=name, phase="baseline", limit_s=60.0)
    for side in (TREATMENT, CONTROL):
        for number in range(-4, 28):
            yield counted(name, side, BEGIN_S + number / 4, **counts)
    yield PhaseEnded(t_s=BEGIN_S + baseline_s, drill=name, phase="baseline", decides=True, answer=True)


def entry(*events: Event, before: Sequence[Event] = (), folder: str = "/run") -> RunEntry:
    drills = tuple(each.drill for each in events if isinstance(each, DrillStarted))
    whole = [
        RunStarted(t_s=990.0, document="ops.md", bindings="b.yaml", drills=drills),
        *before,
        *events,
        RunEnded(t_s=1100.0),
    ]
    collector = Collector()
    for event in whole:
        collector.add(event)
    return collector.entry(judge_record(whole), folder)


def test_steady_window_has_whole_seconds_and_ends_half_a_second_before_the_fault() -> None:
    (load,) = entry(*drill(baseline_s=5.6)).loads
    assert (load.window_s, load.arrivals, load.steady, load.first) == (5, 5 * 4 * 10 * 2, True, True)
    assert entry(*drill(baseline_s=5.4)).loads[0].window_s == 4
    assert entry(*drill(baseline_s=1.4)).loads == (), "shorter than a second"
    assert load.histogram == {FAST: 360, SLOW: 40}
    assert (load.engine, load.rate_per_s, load.measured_rate_per_s) == ("worker", 40.0, 40.0)


def test_quantiles_count_bad_arrivals_as_the_slowest() -> None:
    (load,) = entry(*drill()).loads
    values = {each.q: each.value_ms for each in load.quantiles}
    assert values == {0.5: middle_ms(FAST), 0.95: middle_ms(SLOW), 0.99: middle_ms(SLOW)}
    (worse,) = entry(*drill(fast=9, slow=0, bad=1)).loads
    assert [each.q for each in worse.quantiles] == [0.5], "10 % are bad, so P95 is no latency"
    assert worse.bad == 40
    for each in load.quantiles:
        assert each.low_ms <= each.value_ms
        assert each.high_ms is None or each.value_ms <= each.high_ms


def test_bad_arrivals_move_the_quantile_up() -> None:
    """94 fast and 4 slow ones: the 95th of 98 is fast, that of 100 with two bad ones is slow."""
    whole, with_bad = ({each.q: each.value_ms for each in quantiles_of({FAST: 94, SLOW: 4}, n, 1.3)} for n in (98, 100))
    assert (whole[0.95], with_bad[0.95]) == (middle_ms(FAST), middle_ms(SLOW))
    assert 0.99 not in with_bad


def test_interval_is_wider_for_fewer_effective_samples() -> None:
    histogram = {800 + each: 10 for each in range(200)}
    independent, correlated = ({each.q: each for each in quantiles_of(histogram, 2000, vif)} for vif in (1.0, 8.0))
    assert independent[0.5].value_ms == correlated[0.5].value_ms
    assert correlated[0.5].low_ms < independent[0.5].low_ms < independent[0.5].value_ms
    assert independent[0.95].high_ms is not None
    assert correlated[0.95].high_ms is None or correlated[0.95].high_ms > independent[0.95].high_ms


def test_evenly_spread_arrivals_have_the_smallest_vif() -> None:
    assert entry(*drill()).loads[0].vif == pytest.approx(MARGIN)


def test_seconds_are_counted_from_the_baseline_on_and_those_of_the_window_are_marked() -> None:
    seconds = entry(*drill(fast=8, slow=1, bad=1, late=1)).loads[0].seconds
    assert [(each.side, each.second, each.steady) for each in seconds if each.side == CONTROL] == [
        (CONTROL, second, second < 5) for second in range(7)
    ]
    assert seconds[0] == Second(TREATMENT, 0, True, 40, 36, 4, 4)


def test_late_arrivals_mean_that_the_load_fell_behind() -> None:
    assert not entry(*drill(fast=99, slow=1, late=1)).loads[0].fell_behind
    assert entry(*drill(fast=98, slow=2, late=2)).loads[0].fell_behind


def test_drills_with_the_same_scenario_are_put_together() -> None:
    run = entry(*drill("A"), *drill("B"), *drill("C", "other"))
    assert [(load.scenario, load.window_s, load.arrivals) for load in run.loads] == [
        ("web", 10, 800),
        ("other", 5, 400),
    ]
    assert sum(each.arrivals for each in run.loads[0].seconds if each.steady) == 800
    assert [each.runbook for each in run.drills] == ["A", "B", "C"]


def test_drills_that_share_the_machine_in_the_window_are_counted() -> None:
    def started(name: str, at_s: float, scenario: str) -> list[Event]:
        return [replace(each, t_s=at_s) if isinstance(each, DrillStarted) else each for each in drill(name, scenario)]

    def parallel(*others: Event) -> dict[str, int]:
        return {load.scenario: load.parallel for load in entry(*others).loads}

    ended = DrillEnded(t_s=BEGIN_S - 1, drill="A")
    assert parallel(*started("A", 991.0, "a")) == {"a": 1}
    assert parallel(*started("A", 991.0, "a"), *started("B", 992.0, "b")) == {"a": 2, "b": 2}
    assert parallel(*started("A", 991.0, "a"), *started("B", 992.0, "b"), ended)["b"] == 1
    later = DrillStarted(t_s=BEGIN_S + 4, drill="C", title="C", line=1, fault="f", scenario="c")
    assert parallel(*started("A", 991.0, "a"), later) == {"a": 2}
    assert parallel(*started("A", 991.0, "a"), replace(later, t_s=BEGIN_S + 5)) == {"a": 1}, "after the window"


def test_first_series_is_the_declared_one_or_the_one_with_the_most_arrivals() -> None:
    more = [counted("WEB", side, BEGIN_S, "accepted", fast=1) for side in (TREATMENT, CONTROL)]
    events = [*drill(), *more]
    assert {load.series: load.first for load in entry(*events).loads} == {"gateway": True, "accepted": False}
    older = [each for each in events if not isinstance(each, LoadStarted)]
    assert {load.series: load.first for load in entry(*older).loads} == {"gateway": True, "accepted": False}


def test_baseline_that_was_not_met_is_not_steady() -> None:
    *events, ended = drill()
    assert isinstance(ended, PhaseEnded)
    (load,) = entry(*events, replace(ended, answer=None)).loads
    assert not load.steady
    assert entry(*events).loads == (), "the record was cut in the baseline"


def test_reference_is_the_median_over_the_window() -> None:
    samples = [
        ReferenceSampled(t_s=BEGIN_S + at, cpu_ms=ms, loopback_ms=0.5) for at, ms in ((-9, 90), (1, 1), (2, 3), (3, 2))
    ]
    assert entry(*drill(), before=samples).loads[0].reference_ms == 2.5
    assert entry(*drill()).loads[0].reference_ms is None


def test_run_and_machine_are_kept() -> None:
    found = EnvironmentFound(revision="abc", dirty=True, cpu="Xeon", cores=2, memory_bytes=2**33, python="3.11.7",
                             kernel="Linux 6.1.0", start="documented", steady_s=30.0)  # fmt: skip
    run = entry(*drill(), before=[found])
    assert (run.revision, run.dirty, run.start, run.steady_s) == ("abc", True, "documented", 30.0)
    assert (run.started_s, run.seconds, run.folder, run.bindings) == (990.0, 110.0, "/run", "b.yaml")
    assert run.verdict is Verdict.INCONCLUSIVE
    assert run.drills[0].why


def test_host_class_ignores_small_updates_only() -> None:
    def host_class(**changes: object) -> str:
        found = EnvironmentFound(
            cpu="Xeon", cores=2, memory_bytes=2**33, python="3.11.7", kernel="Linux 6.1.0-28-amd64"
        )
        return entry(*drill(), before=[replace(found, **changes)]).host.host_class  # type: ignore[arg-type]

    same = [{}, {"python": "3.11.9"}, {"kernel": "Linux 6.1.5"}, {"memory_bytes": 2**33 - 2**20}, {"revision": "x"}]
    other = [{"cpu": "EPYC"}, {"cores": 4}, {"memory_bytes": 2**34}, {"python": "3.12.1"}, {"kernel": "Linux 6.10.0"}]
    assert len({host_class(**each) for each in same}) == 1
    assert len({host_class(**each) for each in [{}, *other]}) == 1 + len(other)


def test_whole_simulated_run_is_collected(tmp_path: Path) -> None:
    result = World(tmp_path, incident).run()
    collector = Collector()
    for event in read_events(tmp_path / "record.jsonl"):
        collector.add(event)
    run = collector.entry(result, "run")
    (load,) = run.loads
    assert (run.verdict, load.scenario, load.steady) == (Verdict.PASSED, "web", True)
    assert load.arrivals == 2 * 100 * load.window_s
    bad = [each.second for each in load.seconds if each.bad]
    assert bad
    assert min(bad) >= load.window_s, "nothing of the incident is in the steady window"


def test_steady_window_with_a_sequential_control_is_that_of_the_treatment(tmp_path: Path) -> None:
    result = World(tmp_path, incident, sequential=ControlPlanned(why="one disk", observe_s=30.0)).run()
    collector = Collector()
    for event in read_events(tmp_path / "record.jsonl"):
        collector.add(event)
    run = collector.entry(result, "run")
    (load,) = run.loads
    assert (load.sides, {each.side for each in load.seconds}) == (1, {TREATMENT})
    assert load.arrivals == 100 * load.window_s
    assert load.measured_rate_per_s == 100
    assert load.vif == pytest.approx(MARGIN)
    assert measured(run)[0].profile.sides == 1
