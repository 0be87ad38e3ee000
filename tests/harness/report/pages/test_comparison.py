"""The page of a comparison."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from harness.comparison.judge import judge_comparison
from harness.comparison.result import ComparisonResult, Variant
from harness.record.comparison import DuetEnded
from harness.record.event import Event
from harness.record.events import RunEnded
from harness.report.pages.comparison import sentence, to_html
from tests.support.duets import duet, served
from tests.support.pages import HOSTILE, Page


def judged(candidate_ms: float, *, seconds: float = 40.0) -> ComparisonResult:
    return judge_comparison(list(duet(served(100), served(candidate_ms), seconds=seconds)))


@pytest.fixture(scope="module")
def regressed() -> ComparisonResult:
    return judged(130)


def test_first_words_are_outcome_variants_and_the_reason(regressed: ComparisonResult) -> None:
    text = Page(to_html(regressed)).text
    assert text.startswith(
        "regressed: HEAD against main regressed HEAD against main Base main (574e018), candidate HEAD"
    )
    assert "WEB: P50 regressed, 100.0 ms → 129.7 ms (+29.6% [+" in text
    assert "n 2000 + 2000); also WEB P95, WEB P99." in text


def test_every_outcome_has_its_sentence() -> None:
    fine = "No quantile of HEAD is 10% slower than main, or more, nor are 1 pp more of its requests bad"
    assert sentence(judged(100)) == fine
    few = judged(100, seconds=24.9)
    assert sentence(few) == ("WEB: P50 is undecided: 19 blocks, at least 20 are needed; also WEB P95, WEB P99, WEB bad")


def uncut(*left_out: type[Event]) -> Iterator[Event]:
    return (each for each in duet(served(100), served(100)) if not isinstance(each, left_out))


def test_record_that_was_cut_is_explained() -> None:
    assert sentence(judge_comparison(list(uncut(RunEnded)))) == "The record stops before the end of the comparison"
    assert sentence(judge_comparison(list(uncut(DuetEnded)))) == "A load was cut, so that nothing is decided"


def test_table_has_a_row_for_each_measure(regressed: ComparisonResult) -> None:
    text = Page(to_html(regressed)).text
    head = "measure outcome change interval margin detectable base candidate requests a side"
    assert f"{head} P50 regressed +29.6% [" in text
    assert "bad not worse +0.00 pp [" in text
    assert "+1.00 pp" in text


def test_plots_have_the_quantiles_of_the_blocks_and_the_change_after_each(regressed: ComparisonResult) -> None:
    (group,) = Page(to_html(regressed)).groups
    blocks = regressed.scenarios[0].blocks
    assert [plot["title"][:3] for plot in group["plots"]] == ["P50", "Cha", "P95", "Cha", "P99", "Cha"]
    of_blocks, change = group["plots"][2:4]
    candidate, base = of_blocks["curves"]
    assert candidate["values"] == [pytest.approx(each.candidate.quantiles_ms[1], abs=0.01) for each in blocks]
    assert base["values"] == [pytest.approx(each.base.quantiles_ms[1], abs=0.01) for each in blocks]
    (curve,) = change["curves"]
    assert curve["intervals"][:19] == [[None, None]] * 19
    effect = regressed.scenarios[0].rows[1].effect
    assert effect is not None
    assert regressed.scenarios[0].rows[1].measure == "P95"
    shown = [curve["values"][-1], *curve["intervals"][-1]]
    assert shown == [
        pytest.approx(100 * (2.718281828**each - 1), abs=0.01) for each in (effect.value, effect.low, effect.high)
    ]
    assert [limit["value"] for limit in change["limits"]] == [0, 10]


def test_block_that_was_left_out_is_a_gap(regressed: ComparisonResult) -> None:
    (scenario,) = regressed.scenarios
    gap = replace(scenario, blocks=(replace(scenario.blocks[0], used=False), *scenario.blocks[1:]))
    (group,) = Page(to_html(replace(regressed, scenarios=(gap,)))).groups
    for plot in group["plots"]:
        for curve in plot["curves"]:
            assert curve["values"][0] is None
            assert curve["values"][1] is not None


def test_comparison_without_a_block_has_no_plot() -> None:
    page = Page(to_html(judged(100, seconds=4)))
    assert page.groups == []
    assert "undecided" in page.text


def test_names_stay_text_and_nothing_is_loaded(regressed: ComparisonResult) -> None:
    (scenario,) = regressed.scenarios
    named = replace(scenario, runbook=f"WEB{HOSTILE}", scenario=HOSTILE, series=HOSTILE)
    hostile = replace(
        regressed, base=Variant(HOSTILE, HOSTILE), candidate=Variant(HOSTILE, HOSTILE), scenarios=(named,)
    )
    page, harmless = Page(to_html(hostile)), Page(to_html(regressed))
    for tag in ("script", "img", "style", "link", "iframe"):
        assert page.count(tag) == harmless.count(tag), tag
    assert page.visible.count(HOSTILE) >= 6
    assert not page.has_handlers
    assert page.loads_nothing
