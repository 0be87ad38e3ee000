"""The benchmark of reports: its long record is the same each time and passes; what it compares and when it fails."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchmarks import report_time
from benchmarks.parts import long_record
from benchmarks.parts.report import UnusableError
from benchmarks.report_time import LONG, RECORDED, Compared, Cost, thresholds
from harness.record.event import CONTROL, TREATMENT
from harness.record.events import LoadCounted
from harness.record.journal import read_events
from harness.stats.histogram import edges_ms
from harness.verdict.gameday import judge_record
from harness.verdict.result import Verdict

REQUESTS, SECONDS = 20_001, 360


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "record.jsonl"
    long_record.write(path, REQUESTS, SECONDS)
    return path


def test_the_record_is_the_same_each_time(record: Path, tmp_path: Path) -> None:
    long_record.write(tmp_path / "again.jsonl", REQUESTS, SECONDS)
    assert (tmp_path / "again.jsonl").read_bytes() == record.read_bytes()


def test_the_record_has_its_requests_their_outcomes_and_their_latencies(record: Path) -> None:
    events = [event for event in read_events(record) if isinstance(event, LoadCounted)]
    for side in (TREATMENT, CONTROL):
        parts = [part for event in events if event.side == side for part in event.slices]
        assert sum(part.sent for part in parts) == REQUESTS // 2
        assert sum(part.ok for part in parts) == sum(sum(part.hist.values()) for part in parts)
        assert {part.at_s for part in parts} == {long_record.BEGIN_S + number / 4 for number in range(4 * SECONDS)}


def test_the_remedy_of_the_record_is_credited(record: Path) -> None:
    """Its verdict depends on windows that last for most of the record."""
    (drill,) = judge_record(read_events(record)).drills
    assert drill.verdict is Verdict.PASSED, drill.why
    assert [slo.after is not None and slo.after.holds for slo in drill.slos] == [True, True]
    assert drill.credit is not None
    assert set(drill.credit.still_broken) == {"availability", "latency"}


@pytest.mark.parametrize("latency_ms", [0.001, 0.511, 0.512, 1.0, 120.0, 499.999, 500.0, 30_000.0])
def test_latencies_are_in_their_buckets(latency_ms: float) -> None:
    low, high = edges_ms(long_record.bucket_of(latency_ms))
    assert low <= latency_ms < high


def test_each_figure_has_its_threshold() -> None:
    cheap, dear = Cost(4.0, 200.0, b""), Cost(6.0, 400.0, b"")
    good = [Compared(LONG, [cheap]), Compared(RECORDED, [Cost(0.4, 40.0, b"")], [Cost(1.7, 60.0, b"")])]
    assert [each.met for each in thresholds(good)] == [True] * 4
    bad = [Compared(LONG, [dear]), Compared(RECORDED, [Cost(2.0, 40.0, b"")], [Cost(1.7, 60.0, b"")], ["json"])]
    assert [each.met for each in thresholds(bad)] == [False] * 4
    assert [each.met for each in thresholds(good, at_most=0.2)] == [True, True, False, True]
    assert math.isnan(Compared(RECORDED, [cheap]).ratio)
    assert not thresholds([Compared(RECORDED, [cheap])]), "without another commit there is nothing to compare with"


def test_reports_of_the_same_code_do_not_differ(record: Path) -> None:
    found = report_time.compare(RECORDED, record, report_time.ROOT, 1)
    assert not found.differ
    assert b"PASSED in 360 s" in found.ours[0].text
    assert found.ours[0].cpu_s > 0
    assert found.ours[0].peak_mb > 10


def test_no_record_and_no_such_commit_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="no record can be read here"):
        report_time.report_of(report_time.ROOT, tmp_path)
    with pytest.raises(UnusableError, match="--against no-such-commit"), report_time.checked_out("no-such-commit"):
        pass
