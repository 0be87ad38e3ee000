"""The judges of a run under way."""

from __future__ import annotations

from typing import ClassVar

import pytest

from harness.gameday.judging import LiveJudges
from harness.record.events import Event, HostSampled


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
        live.put(HostSampled(busy_share=0.5))
    with live.of("D"):
        assert len(judged) == 3
    with live.of("D"):
        assert len(judged) == 6
