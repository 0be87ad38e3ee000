"""The judges of a run under way: each event is judged once, and as a report judges it."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import ClassVar

import pytest

from harness.gameday.judging import LiveJudges
from harness.listeners.progress import Live
from harness.record.event import DrillEvent, Event
from harness.record.events import HostSampled, RunEnded, RunStarted
from harness.record.journal import read_events
from harness.verdict.drill import drill_result
from harness.verdict.judge import Judge
from harness.verdict.judges import Judges
from tests.support.simulated_drill import World, incident


def test_each_event_is_judged_once_though_drill_and_display_read_the_judge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: Counter[int] = Counter()
    add, kept = Judge.add, []

    def counted(judge: Judge, event: DrillEvent | HostSampled) -> None:
        kept.append(event)
        judged[id(event)] += 1
        add(judge, event)

    world = World(tmp_path, incident)
    world.journal.deliver_to(Live(world.judges.of, io.StringIO()))
    with monkeypatch.context() as patch:
        patch.setattr(Judge, "add", counted)
        patch.setattr("tests.support.simulated_drill.judge_record", lambda events: None)
        patch.setattr("tests.support.simulated_drill.without_contradiction", lambda result: result)
        world.run()
        with world.judges.of("WEB"):
            pass
    assert set(judged.values()) == {1}
    events = [event for event in read_events(world.journal.path) if isinstance(event, DrillEvent)]
    assert kept == events[1:], "every event after the drill's header, in the order of the file"


def test_judge_of_the_run_comes_to_the_result_of_the_report(tmp_path: Path) -> None:
    world = World(tmp_path, incident)
    reported = world.run()
    with world.judges.of("WEB") as judge:
        assert drill_result(judge.state) == reported.drills[0]


def test_events_of_the_machine_concern_every_drill_and_the_run_none(tmp_path: Path) -> None:
    world = World(tmp_path, incident)
    world.run()
    header, drill, *events = read_events(world.journal.path)
    assert isinstance(header, RunStarted)
    assert isinstance(drill, DrillEvent)
    judges = Judges()
    for event in (header, drill, HostSampled(t_s=1.0, seconds=0.5), RunEnded()):
        judges.add(event)
    assert judges.by_drill["WEB"].state.host == [HostSampled(t_s=1.0, seconds=0.5)]
    with pytest.raises(ValueError, match="drill OTHER has not started"):
        judges.add(DrillEvent(drill="OTHER"))
    assert len(events) > 50


def test_reading_a_judge_ends_although_events_arrive_faster_than_they_are_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise a drill on a busy machine would miss the limit of its phase, and an interruption."""
    live = LiveJudges()
    judged: list[Event] = []

    class Feeding:
        by_drill: ClassVar = {"D": object()}

        def add(self, event: Event) -> None:
            judged.append(event)
            assert len(judged) < 100, "judging does not end"
            live.put(event)

    monkeypatch.setattr(live, "_judges", Feeding())
    for _ in range(3):
        live.put(HostSampled(seconds=0.5))
    with live.of("D"):
        assert len(judged) == 3
    with live.of("D"):
        assert len(judged) == 6
