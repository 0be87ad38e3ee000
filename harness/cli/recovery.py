"""Ending what a run that was killed left behind: its record and its platforms' ledgers say what that is."""

from __future__ import annotations

from pathlib import Path

from harness.cli.platforms import recovering
from harness.cli.report import RECORD
from harness.machine import process_ledger
from harness.machine.process_ledger import Group
from harness.record.events import ProcessStarted
from harness.record.journal import read_events


def end_recorded(folder: Path) -> list[str]:
    """End every process group that the run in `folder` recorded and that still lives; says which. May be repeated."""
    record = folder / RECORD
    events = read_events(record) if record.exists() else iter(())
    groups = [Group(each.pgid, each.started_s, each.name) for each in events if isinstance(each, ProcessStarted)]
    ended = [f"{group.what} (pid {group.pid})" for group in process_ledger.end(groups, folder, grace_s=1.0)]
    for maker in recovering():
        ended += maker.recover(folder)
    return ended
