"""What the judge of a comparison finds in records with known differences."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from harness.comparison.blocks import Block, quantile_ms
from harness.comparison.judge import ComparisonJudge, judge_comparison
from harness.comparison.result import Row, ScenarioResult
from harness.measures.counts import Counts
from harness.record.comparison import DuetEnded
from harness.record.event import CONTROL, TREATMENT
from harness.record.events import LoadCounted, RunEnded
from harness.stats.duet import Outcome
from harness.stats.histogram import Histogram
from harness.stats.interval import fraction_interval
from tests.support.duets import duet, served


def judged(*args: object, **more: object) -> ScenarioResult:
    (scenario,) = judge_comparison(list(duet(*args, **more))).scenarios  # type: ignore[arg-type]
    return scenario


def row(scenario: ScenarioResult, measure: str) -> Row:
    return next(each for each in scenario.rows if each.measure == measure)


def test_alike_variants_are_not_worse() -> None:
    result = judge_comparison(list(duet(served(100), served(100))))
    assert (result.outcome, result.exit_code, result.cut) == (Outcome.NOT_WORSE, 0, False)
    (scenario,) = result.scenarios
    assert [each.measure for each in scenario.rows] == ["P50", "P95", "P99", "bad"]
    assert (scenario.block_s, scenario.planned) == (1.0, 60)
    p50 = row(scenario, "P50")
    assert p50.base == pytest.approx(100, rel=0.01)
    assert p50.effect is not None
    assert p50.effect.low < 0 < p50.effect.high < p50.margin


def test_slower_candidate_has_regressed() -> None:
    result = judge_comparison(list(duet(served(100), served(130))))
    assert (result.outcome, result.exit_code) == (Outcome.REGRESSED, 1)
    p95 = row(result.scenarios[0], "P95")
    assert p95.outcome is Outcome.REGRESSED
    assert p95.effect is not None
    assert 0.2 < p95.effect.value < 0.32  # log 1.3 = 0.26


def test_faster_candidate_is_not_worse() -> None:
    assert judged(served(130), served(100)).outcome is Outcome.NOT_WORSE


def test_small_change_that_is_known_well_is_not_worse() -> None:
    scenario = judged(served(100, sigma=0.02), served(102, sigma=0.02))
    p50 = row(scenario, "P50")
    assert p50.effect is not None
    assert p50.effect.low > 0, "it is slower for certain"
    assert scenario.outcome is Outcome.NOT_WORSE


def test_noisy_latencies_are_undecided_with_the_reason() -> None:
    scenario = judged(served(100, sigma=1.0), served(108, sigma=1.0))
    assert scenario.outcome is Outcome.UNDECIDED
    p99 = row(scenario, "P99")
    assert (p99.outcome, p99.why) == (Outcome.UNDECIDED, "the interval contains both no change and the margin")
    assert p99.effect is not None
    assert p99.effect.detectable > p99.margin


def test_failing_candidate_has_regressed_although_its_latency_is_the_same() -> None:
    scenario = judged(served(100), served(100, bad_share=0.2))
    bad = row(scenario, "bad")
    assert bad.outcome is Outcome.REGRESSED
    assert bad.effect is not None
    assert bad.effect.low < 0.2 < bad.effect.high
    assert (
        row(scenario, "P95").why == f"too many arrivals were bad in {len(scenario.used)} of {len(scenario.used)} blocks"
    )


def test_failing_base_decides_nothing_about_quantiles() -> None:
    scenario = judged(served(100, bad_share=0.2), served(100))
    assert row(scenario, "bad").outcome is Outcome.NOT_WORSE
    assert scenario.outcome is Outcome.UNDECIDED


def test_fewer_than_twenty_blocks_decide_nothing() -> None:
    scenario = judged(served(100), served(200), seconds=24.9)
    assert len(scenario.used) == 19
    assert {each.outcome for each in scenario.rows} == {Outcome.UNDECIDED}
    assert row(scenario, "bad").why == row(scenario, "P50").why == "19 blocks, at least 20 are needed"


def test_blocks_in_which_the_generator_fell_behind_are_left_out() -> None:
    def late(at_s: float, *more: object) -> object:
        return served(100, late=10 <= at_s < 11)(at_s, *more)  # type: ignore[arg-type]

    scenario = judged(served(100), late)
    assert [block.start_s for block in scenario.blocks if not block.used] == [10.0]
    assert scenario.outcome is Outcome.NOT_WORSE
    behind = judged(served(100), served(100, late=True))
    assert row(behind, "P50").why == "no block has arrivals that were sent in time"
    assert behind.outcome is Outcome.UNDECIDED


def test_outcome_that_is_missing_holds_back_its_block_and_all_later_ones() -> None:
    events = list(duet(served(100), served(100)))
    at = next(i for i, each in enumerate(events) if isinstance(each, LoadCounted) and each.until_s == 1010.25)
    (piece,) = events[at].slices  # type: ignore[attr-defined]
    events[at] = replace(events[at], slices=(replace(piece, sent=piece.sent + 1),))  # type: ignore[type-var]
    (scenario,) = judge_comparison(events).scenarios
    assert len(scenario.blocks) == 5
    (scenario,) = judge_comparison(
        [*events[:-2], replace(events[at], slices=(replace(piece, sent=0, ok=1, hist={700: 1}),)), *events[-2:]]  # type: ignore[type-var]
    ).scenarios
    assert len(scenario.blocks) == 20, "its outcome came late, and twenty blocks decide"


def test_block_with_an_arrival_that_the_end_of_the_load_cut_is_not_read() -> None:
    events = list(duet(served(100), served(100)))
    at = next(i for i, each in enumerate(events) if isinstance(each, LoadCounted) and each.until_s == 1010.25)
    (piece,) = events[at].slices  # type: ignore[attr-defined]
    cut = replace(piece, sent=piece.sent + 1, bad={"unfinished": 1})
    events[at] = replace(events[at], slices=(cut,))  # type: ignore[type-var]
    (scenario,) = judge_comparison(events).scenarios
    assert len(scenario.blocks) == 5


def test_interval_of_bad_arrivals_is_that_of_both_sides() -> None:
    """2,000 requests a side without any bad one, VIF 1.3: (1 - p)^n as the e-process has it, at α / 4 / 2 and α / 2."""
    bad = row(judged(served(100), served(100)), "bad")
    assert bad.effect is not None
    n = 2000 / 1.3
    assert -bad.effect.low == pytest.approx(fraction_interval(n, 0, 0.005, 0.01 / 4 / 2)[1])
    assert bad.effect.high == pytest.approx(fraction_interval(n, 0, 0.01 / 4 / 2, 0.005)[1])
    assert -bad.effect.low > bad.effect.high > 0


def test_first_decision_stands() -> None:
    """Blocks after the decision are not read, whether the record is judged at once or event by event."""

    def worse_later(at_s: float, *more: object) -> object:
        return served(300 if at_s > 32 else 100)(at_s, *more)  # type: ignore[arg-type]

    events = list(duet(served(100), worse_later))
    judge = ComparisonJudge()
    for event in events:
        judge.add(event)
        if isinstance(event, LoadCounted):
            judge.scenario("WEB")
    assert judge.result() == judge_comparison(events)
    (scenario,) = judge.result().scenarios
    assert scenario.outcome is Outcome.NOT_WORSE
    assert len(scenario.used) < 30


def test_record_that_was_cut_is_undecided() -> None:
    events = list(duet(served(100), served(100)))
    whole = judge_comparison([each for each in events if not isinstance(each, RunEnded)])
    assert (whole.cut, whole.outcome) == (True, Outcome.UNDECIDED)
    cut = judge_comparison([each for each in events if not isinstance(each, DuetEnded | RunEnded)])
    assert cut.scenarios[0].outcome is Outcome.UNDECIDED


def test_alpha_is_divided_among_all_rows() -> None:
    """One quantile alone has a wider share of α than one of three."""
    alone = judged(served(100), served(100), quantiles=(95.0,))
    three = judged(served(100), served(100))
    lows = [row(each, "P95").effect.low for each in (alone, three)]  # type: ignore[union-attr]
    assert len(alone.used) == len(three.used)
    assert lows[1] < lows[0]


def test_too_few_arrivals_for_a_quantile_are_named() -> None:
    scenario = judged(served(100), served(100), quantiles=(99.9,))
    assert row(scenario, "P99.9").why == "100 arrivals in a block, 1000 are needed: raise --rate or --budget"


def test_sides_are_not_confused() -> None:
    scenario = judged(served(100), served(200))
    sent = {side: 0 for side in (CONTROL, TREATMENT)}
    for event in duet(served(100), served(200)):
        if isinstance(event, LoadCounted):
            sent[event.side] += event.slices[0].sent
    assert sent[CONTROL] == sent[TREATMENT]
    p50 = row(scenario, "P50")
    assert p50.base == pytest.approx(100, rel=0.02)
    assert p50.candidate == pytest.approx(200, rel=0.02)


def test_bad_arrivals_are_the_slowest() -> None:
    counts = Counts(sent=10, ok=8, bad=Counter({"timeout": 2}), hist=Histogram({index: 1 for index in range(100, 108)}))
    assert quantile_ms(counts, 50) == 0.104  # the fifth of ten
    assert quantile_ms(counts, 80) == 0.107
    assert quantile_ms(counts, 81) is None
    assert quantile_ms(Counts(), 50) is None
    assert not Block(0.0, counts, Counts()).measured((50.0,)).used
