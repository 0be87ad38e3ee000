"""Whether SLOs hold now, in a simulated drill whose record is read event by event."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.record.events import LoadCounted
from harness.record.journal import read_events
from harness.verdict.judges import Judges
from harness.verdict.now import slos_now
from tests.support.simulated_drill import World, incident


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drill")
    World(folder, incident).run()
    return folder / "record.jsonl"


def test_an_slo_holds_then_is_broken_then_holds_again(record: Path) -> None:
    judges, seen = Judges(), list[bool | None]()
    for event in read_events(record):
        judges.add(event)
        if isinstance(event, LoadCounted) and "baseline" in judges.by_drill[event.drill].state.phase_started_s:
            (now,) = slos_now(judges.by_drill[event.drill].state)
            seen += [now.holds] if not seen or seen[-1] is not now.holds else []
    assert [each for each in seen if each is not None] == [True, False, True]
    assert (now.name, now.objective, now.unit, now.value) == (
        "availability",
        "availability(gateway) >= 99%",
        "ratio",
        1.0,
    )


def test_evidence_from_before_a_moment_does_not_count(record: Path) -> None:
    judges = Judges()
    for event in read_events(record):
        judges.add(event)
    state = judges.by_drill["WEB"].state
    end = state.sides["treatment"].frontier
    assert [slo.holds for slo in slos_now(state)] == [True]
    assert [slo.holds for slo in slos_now(state, end - 1)] == [None]
    assert [slo.holds for slo in slos_now(state, end + 9)] == [None]
