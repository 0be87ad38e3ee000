"""The benchmark of comparisons: its pairs have the stated differences; a broken comparison misses its thresholds."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from statistics import fmean

import pytest

from benchmarks.comparison_error import Cell, Rate, Trial, decide, main, permuted, thresholds_of, trial_of
from benchmarks.duets import P95, QUANTILES, Pair, recorded, relabelled, simulate
from harness.comparison.blocks import Block
from harness.record.journal import Journal
from harness.stats.duet import Outcome
from tests.support.duets import STARTS_S, duet, served


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of a comparison with a real difference, of 35 blocks."""
    folder = tmp_path_factory.mktemp("run")
    journal = Journal(folder / "record.jsonl", clock=lambda: STARTS_S)
    for event in duet(served(100), served(130, bad_share=0.01)):
        journal.write(event)
    journal.close()
    return folder


def log_ratio(pair: Pair, number: int) -> float:
    """Mean logarithm of the ratio of a quantile."""
    ratios = [block.candidate.quantiles_ms[number] / block.base.quantiles_ms[number] for block in pair.blocks]  # type: ignore[operator]
    return fmean(map(math.log, ratios))


@pytest.mark.parametrize(
    ("name", "median", "p95"),
    [("A/A", 1.0, 1.0), ("all +10 %", 1.1, 1.1), ("slowest tenth +20 %", 1.0, 1.2), ("A/A, one side stalls", 1.0, 1.0)],
)
def test_pair_has_the_stated_change(name: str, median: float, p95: float) -> None:
    pair = simulate(name, 30, 100, 3)
    assert log_ratio(pair, 0) == pytest.approx(math.log(median), abs=0.05)
    assert log_ratio(pair, P95) == pytest.approx(math.log(p95), abs=0.08)


def test_runs_apart_differ_by_up_to_fifteen_percent() -> None:
    ratios = [after / before for before, after in (simulate("A/A", 2, 100, seed).apart_ms for seed in range(60))]
    assert max(ratios) > 1.1
    assert min(ratios) < 0.9


def test_labels_are_permuted_within_blocks_and_no_request_is_lost(record: Path) -> None:
    blocks = recorded(record)
    assert len(blocks) == 35
    dealt = relabelled(blocks, 1)
    assert [_both(block) for block in dealt] == [_both(block) for block in blocks]
    assert dealt[0].base.hist.merged() != blocks[0].base.hist.merged()
    assert all(block.is_settled() and block.base.sent == 100 for block in dealt)
    assert relabelled(blocks, 2)[0].base.hist.merged() != dealt[0].base.hist.merged()


def _both(block: Block) -> tuple[Counter[int], Counter[str]]:
    sides = block.base, block.candidate
    return sum((Counter(each.hist.merged()) for each in sides), Counter()), sum(
        (Counter(each.bad) for each in sides), Counter()
    )


def test_relabelled_regression_is_none(record: Path) -> None:
    found = decide([block.measured(QUANTILES) for block in recorded(record)], QUANTILES, 0.01)
    assert found[0] is Outcome.REGRESSED
    trials = permuted(record, 0.01, range(6))
    assert all(each.outcome is not Outcome.REGRESSED for each in trials)


def test_a_change_is_found_and_none_is_not() -> None:
    same, slower = (trial_of(simulate(name, 60, 100, 1), 0.01) for name in ("A/A", "all +20 %"))
    assert same.outcome is not Outcome.REGRESSED
    assert (slower.outcome, slower.p95) == (Outcome.REGRESSED, Outcome.REGRESSED)


def test_wilson_interval() -> None:
    """Newcombe, Statistics in Medicine 17(8) 1998, table I, method 3: 15 of 148, 0 of 20."""
    assert Rate(15, 148).interval == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert Rate(0, 20).interval == pytest.approx((0.0, 0.1611), abs=1e-4)


def cell(name: str, alarms: int, of: int = 100) -> Cell:
    def trial(outcome: Outcome, naive: bool) -> Trial:
        return Trial(outcome, 20, outcome, naive, naive)

    found = [trial(Outcome.REGRESSED, True)] * alarms + [trial(Outcome.NOT_WORSE, name == "A/A")] * (of - alarms)
    return Cell(name, tuple(found))


def test_thresholds_are_met_and_missed() -> None:
    good = {"A/A": 1, "all +10 %": 95, "all +20 %": 99, "slowest tenth +20 %": 95, "real, relabelled": 1}
    assert all(each.ok for each in thresholds_of({name: cell(name, alarms) for name, alarms in good.items()}))
    bad = {"A/A": 2, "all +10 %": 94, "all +20 %": 98, "slowest tenth +20 %": 94, "real, relabelled": 2}
    missed = [each.ok for each in thresholds_of({name: cell(name, alarms) for name, alarms in bad.items()})]
    assert missed.count(True) == 1, "only the naive gate's own"


def test_program_prints_the_machine_all_cases_and_a_missed_threshold(
    record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of one pair, the naive gate alarms on none: its own threshold is missed."""
    assert main(["--pairs", "1", "--jobs", "1", "--record", str(record), "--relabelled", "3"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("machine ")
    assert {"A/A", "all +10 %", "slowest tenth +20 %", "real, relabelled"} <= {line[:22].strip() for line in lines}
    assert "✗ A/A: the naive gate alarms more often than 1.5 %: 0.0% [0.0%, 79.3%]" in lines
    assert any(line.startswith("✓ real, relabelled: at most 1.5 % false alarms: 0.0% [0.0%, 56.") for line in lines)


@pytest.mark.parametrize("option", ["--pairs", "--relabelled", "--jobs"])
def test_unusable_numbers_are_refused(option: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([option, "0"])
    assert ended.value.code == 2
