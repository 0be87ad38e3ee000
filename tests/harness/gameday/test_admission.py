"""How many drills run at a time: as many as asked for, or as many as the machine has room for."""

import os
from dataclasses import replace

import pytest

from harness.gameday.admission import MOST, PLATFORM_BYTES, AutomaticJobs, FixedJobs, Room
from harness.gameday.room import RoomMeter
from harness.record.events import HostSampled

ROOM = Room(idle_cores=1.6, used_cores=0.4, free_bytes=4 * 2 * PLATFORM_BYTES)


def test_fixed_jobs_start_at_once_up_to_their_number() -> None:
    assert [FixedJobs(2).admits(running, None) for running in range(4)] == [True, True, False, False]


def test_first_drill_needs_no_room() -> None:
    assert AutomaticJobs().admits(0, None)
    assert AutomaticJobs().admits(0, replace(ROOM, idle_cores=0.0, free_bytes=0, throttled=True))


@pytest.mark.parametrize(
    ("running", "room", "admitted"),
    [
        (1, None, False),
        (1, ROOM, True),
        (1, replace(ROOM, idle_cores=0.59), False),
        (1, replace(ROOM, idle_cores=0.61), True),
        (2, replace(ROOM, idle_cores=0.59), True),
        (2, replace(ROOM, idle_cores=0.49), False),
        (1, replace(ROOM, used_cores=0.01, idle_cores=0.49), False),
        (1, replace(ROOM, free_bytes=2 * PLATFORM_BYTES - 1), False),
        (1, replace(ROOM, throttled=True), False),
        (MOST - 1, ROOM, True),
        (MOST, ROOM, False),
    ],
)
def test_further_drill_needs_more_than_each_uses_and_memory(running: int, room: Room | None, admitted: bool) -> None:
    assert AutomaticJobs().admits(running, room) is admitted


def test_drill_in_the_place_of_one_that_has_ended_needs_its_start_only() -> None:
    busy = replace(ROOM, used_cores=1.4, idle_cores=0.55)
    assert not AutomaticJobs().admits(2, busy, before=2)
    assert AutomaticJobs().admits(2, busy, before=3)
    assert not AutomaticJobs().admits(2, replace(busy, idle_cores=0.4), before=3)
    assert not AutomaticJobs().admits(2, replace(busy, throttled=True), before=3)
    assert not AutomaticJobs().admits(2, replace(busy, free_bytes=0), before=3)


def test_drill_with_a_sequential_control_needs_the_memory_of_one_platform() -> None:
    room = replace(ROOM, free_bytes=PLATFORM_BYTES)
    assert AutomaticJobs(platforms=1).admits(1, room)
    assert not AutomaticJobs(platforms=1).admits(1, replace(room, free_bytes=PLATFORM_BYTES - 1))
    assert not AutomaticJobs().admits(1, room)


def test_room_is_known_only_while_every_drill_was_under_load() -> None:
    samples = list[HostSampled]()
    meter = RoomMeter(samples.append, tuple)
    assert [meter.measure(loaded=loaded) is None for loaded in (False, True)] == [True, True]
    room = meter.measure(loaded=True)
    assert room is not None
    assert 0 <= room.idle_cores <= (os.cpu_count() or 1)
    assert room.free_bytes > 0
    assert meter.measure(loaded=False) is None
    assert len(samples) == 4
