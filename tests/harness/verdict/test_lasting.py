"""A recovery is found at the same moment whether or not the tests are spared until it can have lasted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from harness.record.header import SloPlan
from harness.record.journal import read_events
from harness.verdict.gameday import GamedayResult, judge_record
from harness.verdict.judge import Judge
from tests.support.simulated_drill import World, incident

SLOS = (SloPlan("few errors", "error_rate(gateway) < 5%", 86400.0),)


def flapping(side: str, since: float | None, healed: bool) -> float:
    """Breaks for a second now and then, also after the remedy."""
    broken = since is not None and (not healed or int(since) % 17 == 0)
    return 0.5 if broken else 0.0


def noisy(side: str, since: float | None, healed: bool) -> float:
    """Some errors at all times, and a remedy that leaves more of them at first."""
    rng = Random(f"{side} {since}")
    return 0.5 if since is not None and not healed else rng.choice((0.0, 0.0, 0.01, 0.02))


@pytest.mark.parametrize("bad", [incident, flapping, noisy])
def test_the_result_is_that_of_testing_every_time(
    bad: Callable[[str, float | None, bool], float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, bad, more_slos=SLOS)
    world.run()

    def result() -> GamedayResult:
        return judge_record(read_events(world.journal.path))

    spared = result()
    monkeypatch.setattr(Judge, "_may_have_lasted", lambda judge, start: True)
    assert result() == spared
    assert [drill.charts for drill in result().drills] == [drill.charts for drill in spared.drills]
