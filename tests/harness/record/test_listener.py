"""A listener behind its queue: in order, and never in the way of the journal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.record.event import Event
from harness.record.events import HostSampled, RunStarted
from harness.record.journal import Journal, read_events
from harness.record.listener import LONGEST_QUEUE, ListenerThread


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    one = Journal(tmp_path / "record.jsonl")
    one.write(RunStarted(document="ops.md", drills=()))
    yield one
    one.close()


def test_listener_gets_every_event_in_the_order_of_the_file(journal: Journal) -> None:
    received = list[Event]()
    listener = ListenerThread(journal, received.append)

    def write() -> None:
        for number in range(200):
            journal.write(HostSampled(seconds=number / 200))

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert listener.close(limit_s=30)
    assert len(received) == 800
    assert received == list(read_events(journal.path))[1:]


def test_blocked_listener_delays_neither_the_journal_nor_another_listener(journal: Journal) -> None:
    received, release = list[Event](), threading.Event()
    blocked = ListenerThread(journal, lambda event: bool(release.wait()))
    other = ListenerThread(journal, received.append)
    for _ in range(LONGEST_QUEUE + 10):
        journal.write(HostSampled(seconds=0.5))
    assert other.close(limit_s=30)
    assert len(received) + other.missed == LONGEST_QUEUE + 10
    assert blocked.missed in (9, 10), "one event is being handled, or none yet"
    assert not blocked.close(limit_s=0.05), "abandoned at its deadline"
    journal.close()
    assert len(list(read_events(journal.path))) == LONGEST_QUEUE + 11, "the record is whole"
    release.set()
