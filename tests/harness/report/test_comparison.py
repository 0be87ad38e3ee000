"""What a comparison looks like as text and as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.comparison.judge import judge_comparison
from harness.comparison.result import ComparisonResult
from harness.record.events import RunEnded
from harness.report.comparison import show_progress, to_json, to_text
from tests.support.duets import duet, served


@pytest.fixture(scope="module")
def regressed() -> ComparisonResult:
    return judge_comparison(list(duet(served(100), served(130))))


def test_text_names_variants_rows_and_the_finding(regressed: ComparisonResult) -> None:
    text = to_text(regressed)
    lines = text.splitlines()
    assert lines[:2] == ["base       main (574e018)", "candidate  HEAD"]
    assert lines[3] == "✗ WEB  scenario web, series gateway  REGRESSED"
    assert lines[4] == "    2000 + 2000 requests in 20 of 60 blocks of 1 s"
    p50 = next(line for line in lines if line.startswith("    P50"))
    assert p50.split()[1:6:2] == ["100.0", "129.7", "+29.6%"]
    assert p50.endswith("  regressed")
    assert lines[-2].startswith("REGRESSED in 43 s  WEB P50 +29.6%; WEB P95 +")
    assert lines[-1].endswith("not worse: by less than 10%")


def test_text_says_what_is_undecided_and_why() -> None:
    result = judge_comparison(list(duet(served(100), served(100), seconds=24.9)))
    text = to_text(result)
    assert "? WEB  scenario web, series gateway  UNDECIDED" in text
    assert text.count("undecided (19 blocks, at least 20 are needed)") == 4
    assert "UNDECIDED in" in text


def test_text_counts_blocks_that_were_left_out() -> None:
    result = judge_comparison(list(duet(served(100), served(100, late=True))))
    assert "0 + 0 requests in 0 of 60 blocks of 1 s; 35 left out: the generator fell behind" in to_text(result)


def test_text_says_that_a_record_was_cut() -> None:
    events = [each for each in duet(served(100), served(100)) if not isinstance(each, RunEnded)]
    assert "UNDECIDED in 43 s  the record stops before the end of the comparison" in to_text(judge_comparison(events))


def test_control_characters_of_names_do_not_reach_the_terminal(regressed: ComparisonResult) -> None:
    events = list(duet(served(100), served(130)))
    events[1] = type(events[1])(**{**vars(events[1]), "base": "\x1b[2J"})
    assert "\x1b" not in to_text(judge_comparison(events))


def test_json_has_ratios_and_the_figures_of_every_block(regressed: ComparisonResult) -> None:
    data: dict[str, Any] = json.loads(to_json(regressed))
    assert (data["version"], data["kind"], data["outcome"], data["exit_code"]) == (1, "comparison", "regressed", 1)
    (scenario,) = data["scenarios"]
    p95, bad = scenario["rows"][1], scenario["rows"][3]
    low, high = p95["interval"]
    assert (p95["measure"], p95["effect"], p95["margin"]) == ("P95", "ratio", 1.1)
    assert 1 < low < p95["value"] < high
    assert p95["detectable"] > 1
    assert p95["candidate"] / p95["base"] == pytest.approx(p95["value"], rel=0.02)
    assert (bad["measure"], bad["effect"], bad["value"], bad["margin"]) == ("bad", "difference", 0.0, 0.01)
    assert 0 < bad["detectable"] < 0.02
    assert len(scenario["blocks"]) == 20
    block = scenario["blocks"][0]
    assert (block["start_s"], block["used"], block["base"]["requests"], block["base"]["bad"]) == (5.0, True, 100, 0)
    assert block["base"]["quantiles_ms"][0] == pytest.approx(100, rel=0.05)
    assert block["candidate"]["quantiles_ms"][0] == pytest.approx(130, rel=0.05)


def test_json_without_an_interval_has_null() -> None:
    data = json.loads(to_json(judge_comparison(list(duet(served(100), served(100), seconds=10)))))
    row = data["scenarios"][0]["rows"][0]
    assert (row["interval"], row["detectable"]) == (None, None)
    assert row["why"] == "5 blocks, at least 20 are needed"
    assert data["exit_code"] == 3


def test_progress_is_one_line(regressed: ComparisonResult) -> None:
    (scenario,) = regressed.scenarios
    line = show_progress(scenario)
    assert line.startswith("WEB: 20 of 60 blocks  P50 +29.6% [+")
    assert "\n" not in line
