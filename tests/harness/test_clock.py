"""The clock of a run does not follow a step of the wall clock; a load worker uses the offset that it gets."""

import time
from pathlib import Path

import pytest

from harness import clock
from harness.record.events import RunEnded
from harness.record.journal import Journal
from tests.support.paths import SCENARIOS
from tests.support.scenarios import running
from tests.support.waiting import wait_until

HOUR_S = 3600.0


def test_times_of_a_record_do_not_follow_a_step_of_the_wall_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, now_s, wall_s = Journal(tmp_path / "record.jsonl"), clock.now_s(), time.time
    monkeypatch.setattr(time, "time", lambda: wall_s() + HOUR_S)
    assert now_s <= journal.write(RunEnded()).t_s + 0.001 < now_s + HOUR_S / 2
    journal.close()


def test_worker_counts_in_the_clock_of_the_harness(tmp_path: Path) -> None:
    earlier_s = clock.OFFSET_S - HOUR_S
    with running(
        str(SCENARIOS / "timeout.py"), "http://127.0.0.1:9", tmp_path, rate=50, epoch_offset_s=earlier_s
    ) as load:
        wait_until(lambda: load.total("gateway"), "an arrival")
        times_s = [delta["at"] for line in load.lines for delta in line.get("deltas", ())]
    assert all(abs(at_s - (clock.now_s() - HOUR_S)) < HOUR_S / 2 for at_s in times_s)
